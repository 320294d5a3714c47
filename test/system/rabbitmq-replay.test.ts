import { setTimeout as sleep } from 'node:timers/promises';
import { type ConfirmChannel, connect, type GetMessage } from 'amqplib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  audit,
  type DeadLetter,
  type DeadLetters,
  deadLetters,
  errorBody,
  replayAnswer,
} from '../../src/api/contract/index.ts';
import { ReplaySession } from '../../src/receivers/rabbitmq/replay/session.ts';
import { findRabbitmq } from '../../tools/demo/install.ts';
import { endEverything, temporaryDirectory, untilWithin, Waybill } from './harness.ts';
import { TracedBroker } from './traced-broker.ts';

const TOKEN = 'a-token-of-replays-7c41';
const REPLAYER = { user: 'replayer', password: 'replayer-secret-3f9' };
/** What docs/rabbitmq.md says that the tracer needs for dead letters, and the user of replays for its queues. */
const TRACER_RIGHTS = {
  configure: '^trace\\.',
  write: '^trace\\.',
  read: '^(amq\\.rabbitmq\\.trace|trace\\..*|orders\\.dlx|safe\\.dlx)$',
};
const REPLAY_RIGHTS = { configure: '', write: '^amq\\.default$', read: '^(orders|safe)\\.dead$' };
const MESSAGES = ['R-1', 'R-2', 'R-3', 'R-4'];

let broker: TracedBroker;
let waybill: Waybill;
let channel: ConfirmChannel;

const until = untilWithin(90_000);

async function letters(query = '', of = waybill): Promise<DeadLetters> {
  return deadLetters.parse(await (await of.api.fetch(`/api/dead-letters?${query}`)).json());
}

async function letterOf(order: string): Promise<DeadLetter> {
  const { deadLetters: found } = await until(
    () => letters(`order=${order}`),
    ({ total }) => total > 0,
  );
  const [letter] = found;
  if (letter === undefined) throw new Error('no letter');
  return letter;
}

/** Asks for a replay; returns status and body. */
async function replay(id: string, token: string | undefined = TOKEN, of = waybill) {
  const response = await fetch(`${of.http}/api/dead-letters/${id}/replay`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ by: 'Анна, дежурная' }),
  });
  const body: unknown = await response.json();
  return { status: response.status, body };
}

async function refusal(asked: ReturnType<typeof replay>): Promise<{ status: number; message: string; remedy: string }> {
  const { status, body } = await asked;
  const { error } = errorBody.parse(body);
  return { status, message: error.message, remedy: error.remedy ?? '' };
}

async function entries() {
  return audit.parse(await (await waybill.api.fetch('/api/audit')).json()).entries;
}

async function take(queue: string): Promise<GetMessage> {
  for (;;) {
    const message = await channel.get(queue);
    if (message !== false) return message;
    await sleep(50);
  }
}

/** Lets a message die in a queue. Its body is no JSON that a parser would write the same. */
async function die(queue: string, order: string, more: Record<string, unknown> = {}): Promise<void> {
  const headers = { 'x-order-id': order, attempt: 3, ratio: 2.5, price: { '!': 'int64', value: 10 }, ...more };
  const options = { messageId: `m-${order}`, headers, contentType: 'application/json', persistent: true, priority: 4 };
  channel.publish('', queue, Buffer.from('{"sum": 10.50}'), options);
  await channel.waitForConfirms();
  channel.nack(await take(queue), false, false);
}

/** A session of the test's own that shows bytes as they are. As the user of replays it leaves the letters as they are known. */
function rawSession({ user, password }: { user: string; password: string }): Promise<ReplaySession> {
  const account = { hostname: '127.0.0.1', port: broker.port, tls: false, username: user, password, vhost: '/' };
  return ReplaySession.open(account, AbortSignal.timeout(60_000));
}

describe.skipIf(findRabbitmq() === undefined)('putting dead letters back', () => {
  beforeAll(async () => {
    broker = await TracedBroker.start();
    await broker.permit(broker.tracer.user, TRACER_RIGHTS);
    await broker.addUser(REPLAYER.user, REPLAYER.password, '');
    await broker.permit(REPLAYER.user, REPLAY_RIGHTS);
    const connection = await connect(broker.url);
    channel = await connection.createConfirmChannel();
    for (const [name, type] of [
      ['orders', 'classic'],
      ['safe', 'quorum'],
    ] as const) {
      await channel.assertExchange(`${name}.dlx`, 'fanout', { durable: true });
      await channel.assertQueue(`${name}.dead`, { arguments: { 'x-queue-type': type } });
      await channel.bindQueue(`${name}.dead`, `${name}.dlx`, '');
      await channel.assertQueue(`${name}.work`, { arguments: { 'x-dead-letter-exchange': `${name}.dlx` } });
    }
    await channel.assertQueue('short.lived', { arguments: { 'x-dead-letter-exchange': 'orders.dlx' } });
    await broker.trace(true);
    const url = `amqp://${REPLAYER.user}:${REPLAYER.password}@127.0.0.1:${broker.port}`;
    const watched = broker.configuration({
      sampling: { intervalMs: 1000, topologyIntervalMs: 1000 },
      replay: { enabled: true, token: '${env:REPLAY_TOKEN}', url },
    });
    waybill = await Waybill.start({
      dataDir: await temporaryDirectory(),
      more: { rabbitmq: { brokers: [watched] } },
      env: { REPLAY_TOKEN: TOKEN },
    });
    await until(letters, (answer) => answer.queues.filter(({ watch }) => watch === 'shadow').length === 2);
    for (const order of MESSAGES) await die('orders.work', order);
    await until(letters, ({ total }) => total === MESSAGES.length);
  });
  afterAll(async () => {
    await endEverything();
    await broker?.stop();
  });

  it('refuses who has not the token, and writes nothing down for them', async () => {
    const { id } = await letterOf('R-2');
    for (const token of [undefined, 'wrong', `${TOKEN}x`]) {
      const { status, remedy } = await refusal(replay(id, token ?? ''));
      expect(status).toBe(403);
      expect(remedy).toContain('Bearer');
    }
    expect((await refusal(replay('0'.repeat(16)))).status).toBe(404);
    expect(await entries()).toEqual([]);
    expect((await letters()).replay).toEqual({
      enabled: true,
      places: [{ broker: `127.0.0.1:${broker.port}`, vhost: '/' }],
    });
  });

  it('puts one message back into the queue where it died, byte for byte', async () => {
    const { id } = await letterOf('R-2');
    const before = await rawSession(REPLAYER);
    await before.get('orders.dead');
    const dead = await before.get('orders.dead');
    await before.end();

    const answer = replayAnswer.parse((await replay(id)).body);
    expect(answer).toMatchObject({ queue: 'orders.dead', originQueue: 'orders.work', lookedAt: 2 });
    const after = await rawSession(broker.admin);
    const back = await after.get('orders.work');
    if (back === undefined || dead === undefined) throw new Error('a message is missing');
    expect(back.rawHeader.equals(dead.rawHeader)).toBe(true);
    expect(back.body.toString()).toBe('{"sum": 10.50}');
    expect(back).toMatchObject({ exchange: '', routingKey: 'orders.work' });
    expect(back.header).toMatchObject({ messageId: 'm-R-2', headers: { 'x-order-id': 'R-2', attempt: 3, ratio: 2.5 } });
    await after.acknowledgeAndClose(back.tag);
    await after.end();
    expect((await channel.checkQueue('orders.work')).messageCount).toBe(0);
  });

  it('resolves that letter as replayed, and not those that it only looked at', async () => {
    // When this one is resolved, the tracer has told all that came before.
    await die('safe.work', 'M-1');
    await letterOf('M-1');
    channel.ack(await take('safe.dead'));
    await until(
      () => letters('order=M-1'),
      ({ deadLetters: [letter] }) => letter?.resolution?.how === 'consumed',
    );
    expect((await letterOf('R-2')).resolution?.how).toBe('replayed');
    expect((await letterOf('R-1')).resolution).toBeNull();
  });

  it('leaves the others in their order', async () => {
    const left: string[] = [];
    for (const [at, order] of MESSAGES.filter((each) => each !== 'R-2').entries()) {
      const message = await take('orders.dead');
      left.push(String(message.properties.headers?.['x-order-id']));
      // Those before it were in the hands of the replay.
      expect([order, message.fields.redelivered]).toEqual([order, at === 0]);
    }
    expect(left).toEqual(['R-1', 'R-3', 'R-4']);
    channel.nackAll(true);
  });

  it('writes down who did it', async () => {
    const { id } = await letterOf('R-2');
    const [entry] = await entries();
    expect(entry).toMatchObject({
      action: 'dead_letter.replay',
      who: 'Анна, дежурная',
      queue: 'orders.dead',
      originQueue: 'orders.work',
      orderId: 'R-2',
      deadLetterId: id,
      outcome: 'done',
      detail: null,
    });
    expect(Date.parse(entry?.outcomeAt ?? '')).toBeGreaterThanOrEqual(Date.parse(entry?.at ?? ''));
    const again = await refusal(replay(id));
    expect(again).toMatchObject({ status: 409, message: expect.stringContaining('resolved already: replayed') });
  });

  it('counts the deaths of a message that dies again on, and puts it back again', async () => {
    await die('orders.work', 'R-5');
    const letter = await letterOf('R-5');
    expect((await replay(letter.id)).status).toBe(200);
    channel.nack(await take('orders.work'), false, false);
    const { deadLetters: found } = await until(
      () => letters('order=R-5'),
      ({ deadLetters: [again] }) => again?.resolution === null && again.count === 2,
    );
    expect(found).toHaveLength(1);
    expect((await replay(letter.id)).status).toBe(200);
    channel.ack(await take('orders.work'));
  });

  it('leaves the message where it is when its queue is gone, or when it would go to other queues too', async () => {
    await die('short.lived', 'G-1');
    await die('orders.work', 'C-1', { CC: ['orders.work'] }).catch(() => undefined);
    // The copy of CC dies as well; whichever is asked for is refused.
    await channel.deleteQueue('short.lived');
    const gone = await refusal(replay((await letterOf('G-1')).id));
    expect(gone).toMatchObject({ status: 409, message: expect.stringContaining('short.lived') });
    const copied = await refusal(replay((await letterOf('C-1')).id));
    expect(copied).toMatchObject({ status: 409, message: expect.stringContaining('CC') });
    const [latest] = await entries();
    expect(latest).toMatchObject({ orderId: 'C-1', outcome: 'conflict', detail: copied.message });
    expect((await letterOf('G-1')).resolution).toBeNull();
  });

  it('says that the message is not there any more', async () => {
    await die('orders.work', 'N-1');
    const { id } = await letterOf('N-1');
    const holder = await rawSession(REPLAYER);
    while ((await holder.get('orders.dead')) !== undefined);
    const missing = await refusal(replay(id));
    expect(missing).toMatchObject({ status: 404, remedy: expect.stringContaining('has not acknowledged') });
    await holder.end();
  });

  it('does not touch quorum queues', async () => {
    await die('safe.work', 'Q-1');
    const letter = await letterOf('Q-1');
    const { status, message } = await refusal(replay(letter.id));
    expect(status).toBe(409);
    expect(message).toContain('quorum');
    const untouched = await take('safe.dead');
    expect(untouched.fields.redelivered).toBe(false);
    expect(untouched.properties.headers?.['x-delivery-count'] ?? 0).toBe(0);
    channel.nack(untouched, false, true);
  });

  it('is off by default, and says how it is switched on', async () => {
    const other = await Waybill.start({
      dataDir: await temporaryDirectory(),
      more: { rabbitmq: { brokers: [broker.configuration({ queue: { name: 'trace.other' } })] } },
    });
    expect((await letters('', other)).replay).toEqual({ enabled: false, places: [] });
    const { status, remedy } = await refusal(replay('0'.repeat(16), TOKEN, other));
    expect(status).toBe(403);
    expect(remedy).toContain('replay.enabled');
    await other.stop();
  });
});
