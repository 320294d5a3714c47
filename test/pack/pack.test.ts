import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

const checkout = resolve(import.meta.dirname, '../..');
const run = promisify(execFile);

/** The machine's own Node.js and npm: nothing of the checkout helps the installed package. */
const env = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_'))),
  PATH: (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((directory) => !directory.includes('node_modules'))
    .join(delimiter),
};

let directory = '';
let packed: { filename: string; files: { path: string }[] };

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'waybill-pack-'));
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', directory], {
    cwd: checkout,
    env,
    maxBuffer: 16 * 1024 * 1024,
  });
  const description = z.array(z.object({ filename: z.string(), files: z.array(z.object({ path: z.string() })) }));
  const [first] = description.parse(JSON.parse(stdout));
  if (first === undefined) throw new Error('npm pack described no package');
  packed = first;
  await writeFile(join(directory, 'package.json'), '{"private":true}\n');
  await run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', join(directory, packed.filename)], {
    cwd: directory,
    env,
  });
}, 600_000);

afterAll(() => rm(directory, { recursive: true, force: true }));

describe('the packed package, installed in an empty folder', () => {
  it('ships JavaScript, SQL and pages, and no TypeScript, tests or examples but the lifecycle', () => {
    const paths = packed.files.map(({ path }) => path);
    for (const path of [
      'bin/waybill.js',
      'dist/src/main/cli.js',
      'dist/src/store/schema/0001_resources.sql',
      'dist/web/index.html',
      'docs/configuration.md',
      'examples/jewelry/lifecycle.yaml',
      'LICENSE',
      'README.md',
    ]) {
      expect(paths).toContain(path);
    }
    expect(paths.filter((path) => /\.tsx?$|\.test\.|\/testing\//.test(path))).toEqual([]);
  });

  it('prints its version', async () => {
    const { stdout } = await run('npx', ['waybill', '--version'], { cwd: directory, env });
    const manifest = z
      .object({ version: z.string() })
      .parse(JSON.parse(await readFile(join(checkout, 'package.json'), 'utf8')));
    expect(stdout.trim()).toBe(manifest.version);
  });

  it('checks the lifecycle that it ships', async () => {
    const file = 'node_modules/waybill/examples/jewelry/lifecycle.yaml';
    const { stdout } = await run('npx', ['waybill', 'lifecycle', 'check', file], { cwd: directory, env });
    expect(stdout).toContain('is sound');
  });

  it('serves: takes a span over OTLP, answers with its trace, and shows the pages', async () => {
    const ports = { http: await freePort(), otlpHttp: await freePort(), otlpGrpc: await freePort() };
    await writeFile(
      join(directory, 'waybill.yaml'),
      `http: {port: ${ports.http}}\notlp: {http: {port: ${ports.otlpHttp}}, grpc: {port: ${ports.otlpGrpc}}}\nmetrics: {prometheus: {port: 0}}\n`,
    );
    const server = serve();
    try {
      const api = `http://127.0.0.1:${ports.http}`;
      await until(server, async () => (await fetch(`${api}/api/health/ready`)).ok);
      const traceId = '5b8efff798038103d269b633813fc60c';
      const accepted = await fetch(`http://127.0.0.1:${ports.otlpHttp}/v1/traces`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(oneSpan(traceId)),
      });
      expect(accepted.status).toBe(200);
      const answer = await until(server, async () => {
        const response = await fetch(`${api}/api/traces/${traceId}`);
        return response.ok && response.text();
      });
      expect(answer).toContain('eee19b7ec3c1b174');
      const page = await fetch(api);
      expect(page.headers.get('content-type')).toContain('text/html');
      expect(await page.text()).toContain('<div id="root"');
    } finally {
      await stop(server);
    }
  });
});

interface Server {
  readonly child: ChildProcess;
  readonly output: string[];
}

function serve(): Server {
  // Not through npx, which may end before the program that it hands a signal to.
  const program = join(directory, 'node_modules/.bin/waybill');
  const child = spawn(program, ['serve', '--config', 'waybill.yaml'], { cwd: directory, env });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => output.push(String(text)));
  return { child, output };
}

async function stop({ child }: Server): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = new Promise((done) => child.once('exit', done));
  child.kill('SIGTERM');
  await ended;
}

/** Asks again until there is an answer; fails with the server's words when it ends first. The test's limit is the bound. */
async function until<T>({ child, output }: Server, ask: () => Promise<T | false>): Promise<T> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`waybill serve ended with ${child.exitCode}: ${output.join('')}`);
    const answer = await ask().catch(() => false as const);
    if (answer !== false) return answer;
    await sleep(100);
  }
}

function attribute(key: string, value: string): unknown {
  return { key, value: { stringValue: value } };
}

function oneSpan(traceId: string): unknown {
  const start = BigInt(Date.now()) * 1_000_000n;
  return {
    resourceSpans: [
      {
        resource: { attributes: [attribute('service.name', 'pack-test')] },
        scopeSpans: [
          {
            spans: [
              {
                traceId,
                spanId: 'eee19b7ec3c1b174',
                name: 'place order',
                kind: 2,
                startTimeUnixNano: String(start),
                endTimeUnixNano: String(start + 5_000_000n),
                attributes: [attribute('order.id', 'PACK-1')],
              },
            ],
          },
        ],
      },
    ],
  };
}

function freePort(): Promise<number> {
  return new Promise((found, failed) => {
    const server = createServer();
    server.once('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address === null || typeof address === 'string') failed(new Error('the socket has no port'));
        else found(address.port);
      });
    });
  });
}
