import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { findRabbitmq } from '../../tools/demo/install.ts';
import { anyFreePort } from '../../tools/demo/ports.ts';
import { endEverything, temporaryDirectory, Waybill, waybillCommand } from './harness.ts';
import { TracedBroker } from './traced-broker.ts';

let broker: TracedBroker | undefined;

afterAll(async () => {
  await endEverything();
  await broker?.stop();
});

const report = z.object({
  exitCode: z.number(),
  wasAsked: z.boolean(),
  checks: z.array(z.object({ what: z.string(), state: z.string(), reason: z.string(), remedy: z.string().nullable() })),
});

/** Runs `waybill doctor --json`. */
async function doctor(...args: string[]) {
  const started = waybillCommand(['doctor', '--json', ...args]);
  const { code } = await started.exited;
  const found = report.parse(JSON.parse(started.stdout));
  expect(found.exitCode).toBe(code);
  return { code, ...found, text: started.stdout };
}

describe('waybill doctor', () => {
  it('finds nothing broken in a running Waybill and its configuration', async () => {
    const dataDir = await temporaryDirectory();
    const waybill = await Waybill.start({ dataDir, httpPort: await anyFreePort() });
    const { code, checks } = await doctor('--config', join(dataDir, 'waybill.yaml'));
    expect(checks.filter(({ state }) => state === 'problem')).toEqual([]);
    expect(code).toBe(0);
    const of = (what: string) => checks.find((check) => check.what === what);
    expect(of('server')?.reason).toContain('runs since');
    expect(of('port')?.reason).toContain(`taken by `);
    expect(of('port')?.reason).toContain(`(pid ${waybill.process.pid})`);
    await waybill.stop();
  });

  it('ends with 2 where no Waybill answers, and still says what is wrong on this machine', async () => {
    const directory = await temporaryDirectory();
    const lifecycle = join(directory, 'lifecycle.yaml');
    await writeFile(lifecycle, 'name: broken\n');
    const file = join(directory, 'waybill.yaml');
    const port = await anyFreePort();
    await writeFile(file, `dataDir: ${directory}/data\nhttp: { port: ${port} }\nlifecycle: { file: lifecycle.yaml }\n`);
    const { code, checks, wasAsked } = await doctor('--config', file);
    expect([code, wasAsked]).toEqual([2, false]);
    const problems = checks.filter(({ state }) => state === 'problem').map(({ what }) => what);
    expect(problems).toEqual(expect.arrayContaining(['lifecycle', 'server']));
    expect(checks.find(({ what }) => what === 'server')?.remedy).toContain('waybill serve');
  });

  it.skipIf(findRabbitmq() === undefined)(
    'names a wrong password and tracing that is off, without the password',
    async () => {
      broker = await TracedBroker.start();
      await broker.addVhost('other');
      await broker.permit(broker.tracer.user, { configure: '^trace\\.', write: '^trace\\.', read: '.*' }, 'other');
      const wrong = { ...broker.configuration(), url: `amqp://tracer:not-the-secret@127.0.0.1:${broker.port}` };
      const off = { ...broker.configuration(), vhost: 'other' };
      const waybill = await Waybill.start({
        dataDir: await temporaryDirectory(),
        more: {
          rabbitmq: {
            brokers: [
              { ...wrong, name: 'wrong' },
              { ...off, name: 'off' },
            ],
          },
        },
      });
      const wanted = ['RabbitMQ wrong', 'RabbitMQ wrong, queues', 'RabbitMQ off'];
      const end = Date.now() + 90_000;
      for (;;) {
        const { code, checks, text } = await doctor('--server', waybill.http);
        // Without a message the tracer cannot know that tracing is off: it suspects so.
        const found = checks.filter(({ state, reason }) => state === 'problem' || reason.includes('tracing is off'));
        if (!wanted.every((what) => found.some((check) => check.what === what))) {
          if (Date.now() > end) throw new Error(`not in time: ${text}`);
          await sleep(500);
          continue;
        }
        expect(code).toBe(1);
        const of = (what: string) => found.find((check) => check.what === what);
        expect(of('RabbitMQ wrong')).toMatchObject({ remedy: expect.stringContaining('password') });
        expect(of('RabbitMQ off')?.remedy).toContain('rabbitmqctl trace_on -p other');
        expect(text).not.toContain('not-the-secret');
        break;
      }
      await waybill.stop();
    },
  );
});
