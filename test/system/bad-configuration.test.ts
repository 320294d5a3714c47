import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { anyFreePort } from '../../tools/demo/ports.ts';
import {
  CHECKOUT,
  endEverything,
  launchWaybill,
  StartedProcess,
  temporaryDirectory,
  Waybill,
  type WaybillSettings,
  waybillCommand,
} from './harness.ts';

const listeners: Server[] = [];
afterEach(() => {
  for (const listener of listeners.splice(0)) listener.close();
});
afterAll(endEverything);

/** Starts Waybill, which must refuse; returns what it said on standard error. */
async function refusalOf(started: StartedProcess, exitCode: number): Promise<string> {
  const exit = await started.exited;
  expect(exit, started.stderr).toEqual({ code: exitCode, signal: null });
  const said = started.stderr.split('\n').filter((line) => line.startsWith('waybill: '));
  expect(said, started.stderr).toHaveLength(1);
  expect(started.stderr).toContain('\n  → ');
  expect(started.stderr).not.toMatch(/^\s+at /m);
  expect(started.stdout).not.toContain('ready');
  return started.stderr;
}

/** A port on loopback that is taken for as long as the test runs. */
async function usedPort(): Promise<number> {
  const server = createServer();
  listeners.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

describe('waybill serve with a wrong configuration', () => {
  const cases: readonly [string, Record<string, unknown>, RegExp][] = [
    [
      'an unknown key',
      { binding: { urlTemplate: ['/orders/{orderId}'] } },
      /line \d+: binding\.urlTemplate: .*did you mean urlTemplates\?/,
    ],
    ['an unknown part', { lifecicle: { file: 'x.yaml' } }, /line \d+: lifecicle: .*did you mean lifecycle\?/],
    [
      'a value of the wrong type',
      { journal: { segmentAgeMs: 'fast' } },
      /line \d+: journal\.segmentAgeMs: .*expected number/,
    ],
    ['a value out of its bounds', { store: { retentionDays: 0 } }, /line \d+: store\.retentionDays: /],
    [
      'an environment variable that is not set',
      { store: { url: 'http://127.0.0.1:1', password: '${env:NOT_SET_ANYWHERE}' } },
      /line \d+: store\.password: the environment variable NOT_SET_ANYWHERE is not set/,
    ],
    [
      'a lifecycle that is not there',
      { lifecycle: { file: 'missing.yaml' } },
      /the lifecycle \S*missing\.yaml cannot be read/,
    ],
  ];
  it.each(cases)('refuses %s, names it and its remedy, and exits with 2', async (_, more, message) => {
    const dataDir = await temporaryDirectory();
    expect(await refusalOf(launchWaybill({ dataDir, more }), 2)).toMatch(message);
  });

  it('names every mistake at once, and never a value that may be a secret', async () => {
    const dataDir = await temporaryDirectory();
    const more = { store: { url: 'not a url', password: 'hunter2-secret' }, http: { port: 70_000 }, jurnal: {} };
    const said = await refusalOf(launchWaybill({ dataDir, more }), 2);
    expect(said).toMatch(
      /store\.url: [\s\S]*jurnal: .*did you mean journal\?|jurnal: .*did you mean journal\?[\s\S]*store\.url: /,
    );
    expect(said).toContain('http.port: ');
    expect(said).not.toContain('hunter2-secret');
  });

  it('refuses a configuration that is not YAML and names the line', async () => {
    const file = join(await temporaryDirectory(), 'broken.yaml');
    await writeFile(file, 'http:\n  port: [8080\n');
    expect(await refusalOf(waybillCommand(['serve', '--config', file]), 2)).toMatch(/line \d+: /);
  });

  it('refuses a configuration file that is not there', async () => {
    const file = join(await temporaryDirectory(), 'missing.yaml');
    expect(await refusalOf(waybillCommand(['serve', '--config', file]), 2)).toContain('cannot be read (ENOENT)');
  });

  it('refuses a lifecycle that is not sound, names the line, and exits with 1', async () => {
    const dataDir = await temporaryDirectory();
    const sound = await readFile(join(CHECKOUT, 'examples/jewelry/lifecycle.yaml'), 'utf8');
    const unsound = sound.replace('{ from: SHIPPED, to: [CLOSED] }', '{ from: SHIPPED, to: [CLOSD] }');
    expect(unsound).not.toBe(sound);
    const line = unsound.slice(0, unsound.indexOf('CLOSD')).split('\n').length;
    await writeFile(join(dataDir, 'unsound.yaml'), unsound);
    const said = await refusalOf(launchWaybill({ dataDir, more: { lifecycle: { file: 'unsound.yaml' } } }), 1);
    expect(said).toMatch(new RegExp(`unsound\\.yaml:${line}\\b.*CLOSD`));
  });
});

describe('waybill serve where something is taken', () => {
  const listenersOf: readonly [string, (port: number) => Partial<WaybillSettings>, RegExp][] = [
    ['pages and API', (httpPort) => ({ httpPort }), /pages and API: .* in use[\s\S]*http\.port/],
    [
      'metrics',
      (port) => ({ more: { metrics: { prometheus: { port } } } }),
      /metrics: .* in use[\s\S]*metrics\.prometheus\.port/,
    ],
    ['OTLP over HTTP', (port) => ({ otlpHttp: { port } }), /OTLP\/HTTP .* in use[\s\S]*port/],
    ['OTLP over gRPC', (port) => ({ otlpGrpc: { port } }), /OTLP\/gRPC .* in use[\s\S]*port/],
  ];
  it.each(listenersOf)(
    'says that the port of %s is in use, and leaves nothing behind',
    async (_, settings, message) => {
      const dataDir = await temporaryDirectory();
      const port = await usedPort();
      const said = await refusalOf(launchWaybill({ dataDir, ...settings(port) }), 2);
      expect(said).toMatch(message);
      expect(said).toContain(String(port));
      // The data directory is free again.
      const waybill = await Waybill.start({ dataDir });
      expect(await waybill.stop()).toMatchObject({ code: 0 });
    },
  );

  it('refuses a data directory in which another Waybill runs, which goes on', async () => {
    const dataDir = await temporaryDirectory();
    const first = await Waybill.start({ dataDir });
    const said = await refusalOf(launchWaybill({ dataDir }), 2);
    expect(said).toMatch(/data directory .* is in use: process \d+ holds it/);
    expect(await first.api.readiness()).toBe(200);
    expect(await first.stop()).toMatchObject({ code: 0 });
  });
});

describe('npm run demo without its broker', () => {
  it('says that the broker cannot be reached, and exits with 1', async () => {
    const port = await anyFreePort();
    const options = `--orders 1 --exit --amqp-url amqp://guest:guest-secret@127.0.0.1:${port} --data-dir`.split(' ');
    const demo = new StartedProcess(
      [join(CHECKOUT, 'tools/demo/main.ts'), ...options, join(await temporaryDirectory(), 'demo')],
      { lastSignal: 'SIGINT' },
    );
    expect(await demo.exited).toEqual({ code: 1, signal: null });
    expect(demo.stderr).toContain(`RabbitMQ at 127.0.0.1:${port} cannot be used`);
    expect(demo.stderr).toContain('Check --amqp-url');
    expect(demo.stderr).not.toMatch(/^\s+at /m);
    expect(demo.stdout + demo.stderr).not.toContain('guest-secret');
  });
});
