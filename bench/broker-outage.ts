import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Connection } from 'rabbitmq-client';
import { system } from '../src/api/contract/system.ts';
import { endOnSignal, OwnWaybill } from '../src/bench/own-waybill.ts';
import { treeMemory } from '../src/bench/processes.ts';
import { anyFreePort } from '../tools/demo/ports.ts';
import { type RunningRabbitmq, startRabbitmq } from '../tools/demo/rabbitmq.ts';

/*
 * A broker that is dead for hours: `npm run stress:outage -- --minutes 120`. A real RabbitMQ is traced, stopped, and started again with
 * the same ports. Shown once a minute: the tracer's state, the memory of Waybill and the lines that it wrote to its log. It fails when
 * Waybill ends, when it does not say that the broker is away, when the log grows by more than a line a minute, or when messages after the
 * outage are not seen.
 */

const MESSAGES = 200;
const SEEN_WITHIN_MS = 120_000;
/** Lines about the beginning and the end of an outage. */
const LINES_AT_EDGES = 30;

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '120' } } });
const minutes = Number(values.minutes);
if (!(minutes >= 1 && minutes <= 24 * 60)) throw new Error('--minutes is a number from 1 to 1440');

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function tracerOf(waybill: OwnWaybill): Promise<ReturnType<typeof system.parse>['rabbitmq'][number]> {
  const [tracer] = system.parse(await (await fetch(`${waybill.api}/api/system`)).json()).rabbitmq;
  if (tracer === undefined) throw new Error('Waybill does not name the broker in GET /api/system');
  return tracer;
}

/** Publishes messages and waits until the tracer counted them all. */
async function seeMessages(broker: RunningRabbitmq, waybill: OwnWaybill): Promise<void> {
  for (const giveUpAt = Date.now() + SEEN_WITHIN_MS; (await tracerOf(waybill)).state !== 'running'; await sleep(500)) {
    if (Date.now() > giveUpAt) throw new Error(`the tracer does not run: ${JSON.stringify(await tracerOf(waybill))}`);
  }
  const before = (await tracerOf(waybill)).published;
  const connection = new Connection({ url: broker.amqpUrl, frameMax: 131_072 });
  try {
    await connection.queueDeclare({ queue: 'work', durable: false });
    const publisher = connection.createPublisher({ confirm: true });
    for (let sent = 0; sent < MESSAGES; sent += 1) await publisher.send({ routingKey: 'work' }, { sent });
    await publisher.close();
  } finally {
    await connection.close();
  }
  let seen = 0;
  for (const giveUpAt = Date.now() + SEEN_WITHIN_MS; seen < MESSAGES; await sleep(500)) {
    if (Date.now() > giveUpAt) throw new Error(`${seen} of ${MESSAGES} messages were seen`);
    seen = (await tracerOf(waybill)).published - before;
  }
  say(`${seen} of ${MESSAGES} messages seen`);
}

async function watchOutage(waybill: OwnWaybill): Promise<void> {
  const linesBefore = waybill.log.lines;
  for (let minute = 1; minute <= minutes; minute += 1) {
    await sleep(60_000);
    const { state, failures, reason, sampling } = await tracerOf(waybill);
    const memory = treeMemory(waybill.pid).bytes;
    const lines = waybill.log.lines - linesBefore;
    say(
      `${String(minute).padStart(4)} min  ${state}, ${failures} attempts, watch ${sampling?.state ?? 'none'}, ` +
        `${(memory / 1e6).toFixed(0)} MB, ${lines} lines logged: ${reason ?? ''}`,
    );
    if (state === 'running') throw new Error('the tracer claims to run while the broker is dead');
    if (reason === null) throw new Error('nothing says that the broker is away');
    if (lines > minute + LINES_AT_EDGES) throw new Error(`a flood in the log:\n${waybill.log.tail}`);
  }
}

endOnSignal();
const directory = mkdtempSync(join(tmpdir(), 'waybill-outage-'));
const [port, managementPort] = [await anyFreePort(), await anyFreePort()];
const start = (): Promise<RunningRabbitmq> =>
  startRabbitmq({
    dataDir: join(directory, 'rabbitmq'),
    port,
    plugins: ['rabbitmq_management'],
    settings: ['management.tcp.ip = 127.0.0.1', `management.tcp.port = ${managementPort}`],
  });
let broker = await start();
const { username, password } = new URL(broker.amqpUrl);
const waybill = await OwnWaybill.start({
  cli: resolve(import.meta.dirname, '../src/main/cli.ts'),
  config: `rabbitmq:
  brokers:
    - url: ${broker.amqpUrl}
      admin: {user: ${username}, password: ${password}}
      management: {url: "http://127.0.0.1:${managementPort}"}
`,
});
try {
  await seeMessages(broker, waybill);
  await broker.stop();
  say(`the broker is stopped for ${minutes} minutes`);
  await watchOutage(waybill);
  broker = await start();
  await seeMessages(broker, waybill);
  say(
    `${waybill.log.lines} lines in the log; the last of them:\n${waybill.log.tail.split('\n').slice(-12).join('\n')}`,
  );
} finally {
  await waybill.stop();
  await broker.stop();
  rmSync(directory, { recursive: true, force: true });
}
