import { afterEach, describe, expect, it } from 'vitest';
import { WaybillError } from '../model/errors.ts';
import { rabbitmqBrokerSchema } from '../receivers/rabbitmq/config.ts';
import { deadMessage, ScriptedBroker } from '../receivers/rabbitmq/replay/testing/scripted-broker.ts';
import type { AuditedAction, AuditOutcome } from '../store/audit-log.ts';
import { openReplayDesk } from './replay-desk.ts';

const TOKEN = 'a-token-of-replays';
const brokers: ScriptedBroker[] = [];
afterEach(() => {
  for (const broker of brokers.splice(0)) broker.stop();
});

const LETTER = {
  id: 'a'.repeat(16),
  broker: 'main',
  vhost: '/',
  queue: 'orders.dead',
  originQueue: 'orders.work',
  orderId: 'A-1',
  resolution: null,
  messageKey: 'b'.repeat(32),
  firstAt: null,
  queueType: 'classic' as string | null,
};

async function desk(change: Partial<typeof LETTER> = {}, intend: () => Promise<void> = async () => undefined) {
  const broker = await ScriptedBroker.start([deadMessage('m-1')], 'none');
  brokers.push(broker);
  const written: (AuditedAction & Partial<AuditOutcome>)[] = [];
  const opened = openReplayDesk({
    brokers: [rabbitmqBrokerSchema.parse({ name: 'main', url: broker.url, replay: { enabled: true, token: TOKEN } })],
    queries: { deadLetter: async () => ({ ...LETTER, ...change }) },
    audit: {
      intend: async (action) => {
        await intend();
        written.push(action);
      },
      conclude: async (action, outcome) => {
        written.push({ ...action, ...outcome });
      },
    },
    next: { consume: async () => undefined },
    salt: 'salt',
    now: () => 1n,
    log: () => undefined,
  });
  const replay = (token: string | undefined = TOKEN) => opened.replay({ id: LETTER.id, token, by: 'Anna' });
  return { broker, written, replay };
}

describe('the desk of replays', () => {
  it('does nothing where it cannot write down who asks', async () => {
    const down = async (): Promise<void> => {
      throw new WaybillError('store_unavailable', 'away');
    };
    const { broker, replay } = await desk({}, down);
    await expect(replay()).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(broker.seen).toEqual([]);
  });

  it('writes down the intent before and the failure after', async () => {
    const { written, replay } = await desk();
    await expect(replay()).rejects.toMatchObject({ code: 'not_found' });
    expect(written.map(({ who, orderId, outcome }) => [who, orderId, outcome])).toEqual([
      ['Anna', 'A-1', undefined],
      ['Anna', 'A-1', 'not_found'],
    ]);
    expect(new Set(written.map(({ actionId }) => actionId)).size).toBe(1);
  });

  const refused: readonly [string, Partial<typeof LETTER>, RegExp][] = [
    ['a quorum queue', { queueType: 'quorum' }, /counts as a delivery/],
    ['a stream', { queueType: 'stream' }, /stream/],
    ['a queue of unknown type', { queueType: null }, /not known of what type/],
  ];
  it.each(refused)('does not touch %s', async (_name, change, message) => {
    const { broker, written, replay } = await desk(change);
    await expect(replay()).rejects.toMatchObject({ code: 'conflict', message: expect.stringMatching(message) });
    expect([broker.seen, written]).toEqual([[], []]);
  });

  it('lets in nobody with another token', async () => {
    const { broker, replay } = await desk();
    for (const token of ['', 'a-token-of-replay', `${TOKEN} `]) {
      await expect(replay(token)).rejects.toMatchObject({ code: 'forbidden' });
    }
    expect(broker.seen).toEqual([]);
  });
});
