import { afterEach, describe, expect, it } from 'vitest';
import { messageKeyOf } from '../../../wire/amqp/message-key.ts';
import { rabbitmqBrokerSchema } from '../config.ts';
import { MAX_LOOKED_AT, Replayer, type ReplayTarget } from './replayer.ts';
import { deadMessage, type Fault, ScriptedBroker } from './testing/scripted-broker.ts';

const SALT = 'salt';
const brokers: ScriptedBroker[] = [];
afterEach(() => {
  for (const broker of brokers.splice(0)) broker.stop();
});

/** The letter `m-2`, behind `m-1`. */
const TARGET: ReplayTarget = {
  queue: 'orders.dead',
  firstAt: 1_795_000_000_000_000_000n,
  messageKey: messageKeyOf(
    {
      context: null,
      properties: { messageId: 'm-2', correlationId: null },
      exchange: '',
      routingKey: '',
      body: Buffer.from('body'),
    },
    SALT,
  ).key,
};

async function started(fault: Fault, ids = ['m-1', 'm-2', 'm-3']) {
  const broker = await ScriptedBroker.start(
    ids.map((id) => deadMessage(id)),
    fault,
  );
  brokers.push(broker);
  const config = rabbitmqBrokerSchema.parse({ url: broker.url });
  return { broker, replayer: new Replayer({ config, salt: SALT, now: () => 5n }) };
}

describe('a replay', () => {
  it('acknowledges only the message that it put back, and only after the broker has confirmed it', async () => {
    const { broker, replayer } = await started('none');
    const { letter, lookedAt } = await replayer.replay(TARGET);
    expect(letter).toMatchObject({ originQueue: 'orders.work', resolution: 'replayed', observedAt: 5n });
    expect(lookedAt).toBe(2);
    const work = broker.seen.slice(broker.seen.indexOf('confirmSelect') + 1);
    expect(work).toEqual(['basicGet', 'basicGet', 'basicPublish', 'basicAck', 'channelClose', 'connectionClose']);
  });

  const faults: readonly [Fault, string, RegExp][] = [
    ['nack', 'conflict', /does not take the message/],
    ['unroutable', 'conflict', /does not exist any more/],
    ['lost_before_confirm', 'overloaded', /the message is where it was/],
  ];
  it.each(faults)('acknowledges nothing where the publication ends with %s', async (fault, code, message) => {
    const { broker, replayer } = await started(fault);
    await expect(replayer.replay(TARGET)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    expect(broker.seen).toContain('basicPublish');
    expect(broker.seen).not.toContain('basicAck');
  });

  it('says that there may be two where the connection ends between confirmation and acknowledgement', async () => {
    const { replayer } = await started('lost_after_confirm');
    await expect(replayer.replay(TARGET)).rejects.toMatchObject({
      code: 'internal',
      message: expect.stringContaining('may still be dead'),
    });
  });

  it('publishes nothing where the message is not there, or behind too many', async () => {
    const gone = await started('none', ['m-1', 'm-3']);
    await expect(gone.replayer.replay(TARGET)).rejects.toMatchObject({ code: 'not_found' });
    const many = Array.from({ length: MAX_LOOKED_AT }, (_, at) => `other-${at}`);
    const far = await started('none', [...many, 'm-2']);
    await expect(far.replayer.replay(TARGET)).rejects.toMatchObject({ code: 'not_found' });
    expect([...gone.broker.seen, ...far.broker.seen]).not.toContain('basicPublish');
  });

  it('refuses a second one while it runs', async () => {
    const { replayer } = await started('none');
    const first = replayer.replay(TARGET);
    await expect(replayer.replay(TARGET)).rejects.toMatchObject({ code: 'overloaded', retryable: true });
    await first;
  });
});
