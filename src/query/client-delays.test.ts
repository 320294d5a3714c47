import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { msToNano, type UnixNano } from '../model/units.ts';
import { storeConfigSchema } from '../store/config.ts';
import { openStore, type Store } from '../store/store.ts';
import { toDateTime64 } from '../store/time.ts';
import { type ClientDelays, clientDelays, withClientDelays, withoutMessages } from './client-delays.ts';

const HOUR: UnixNano = 3_600_000_000_000n;
/** Not longer ago than telemetry is kept. */
const T0: UnixNano = msToNano(Date.now()) - 24n * HOUR;

const at = (ms: number): UnixNano => T0 + BigInt(ms) * 1_000_000n;

let nextMessage = 0;

/** Rows of one message: when its span began to send and how long that took, and when spans received it from which queue. */
function message(sent: readonly [number, number] | null, ...received: readonly (readonly [string, number])[]) {
  nextMessage += 1;
  const row = { trace_id: `trace-${String(nextMessage).padStart(10, '0')}`, span_id: 'producer' };
  const seen = (queue: string, from: number, ms: number) => ({
    ...row,
    queue,
    started: toDateTime64(at(from)),
    duration_nano: String(ms * 1_000_000),
    observed_at: toDateTime64(at(from)),
  });
  return [...(sent === null ? [] : [seen('', ...sent)]), ...received.map(([queue, from]) => seen(queue, from, 50))];
}

describe('delays by the spans of clients', () => {
  let directory: string;
  let store: Store;
  let found: ClientDelays[];

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'waybill-client-delays-'));
    store = await openStore(storeConfigSchema.parse({}), { dataDir: directory, log: () => undefined });
    const rows = [
      ...message([0, 2], ['billing', 12], ['audit', 102]),
      ...message([0, 2], ['billing', 22]),
      // Delivered again, and resent by its exporter.
      ...message([0, 2], ['billing', 32], ['billing', 900]),
      // Received while its span still waited for a confirmation.
      ...message([0, 40], ['confirmed', 10]),
      // The clock of the receiver is late.
      ...message([100, 1], ['skewed', 93]),
      ...message([100, 1], ['skewed', 105]),
      ...message([0, 1]),
      ...message(null, ['alone', 5]),
      ...message([0, 1], ['later', 7_200_000]),
    ];
    await store.client.insertRows('client_messages', rows);
    await store.client.insertRows('client_messages', rows);
    found = await clientDelays(store.client, { since: T0, at: T0 + HOUR });
  }, 60_000);
  afterAll(async () => {
    await store.close();
    await rm(directory, { recursive: true, force: true });
  });

  it('run from the end of sending to the first reception in each queue', () => {
    expect(found.find(({ queue }) => queue === 'billing')).toEqual({
      queue: 'billing',
      count: 3,
      meanMs: 20,
      p50Ms: 20,
      p95Ms: 29,
      uncertaintyMs: 2,
      anomalies: 0,
    });
    expect(found.find(({ queue }) => queue === 'audit')).toMatchObject({ count: 1, p50Ms: 100 });
  });

  it('are none where the message came while it was still being sent, and uncertain by that long', () => {
    expect(found.find(({ queue }) => queue === 'confirmed')).toMatchObject({ count: 1, p50Ms: 0, uncertaintyMs: 40 });
  });

  it('say that clocks differ, and by how much at least', () => {
    expect(found.find(({ queue }) => queue === 'skewed')).toMatchObject({ count: 1, anomalies: 1, uncertaintyMs: 8 });
  });

  it('need both sides, in the time that is asked for', () => {
    expect(found.map(({ queue }) => queue)).toEqual(['audit', 'billing', 'confirmed', 'skewed']);
  });

  describe('beside what the broker shows', () => {
    const client = { queue: 'q', count: 5, meanMs: 1, p50Ms: 2, p95Ms: 3, uncertaintyMs: 4, anomalies: 0 };
    const place = { broker: 'main', vhost: '/', queue: 'q' };
    const seen = (vhost: string, count: number) => {
      const none = withoutMessages({ ...place, vhost });
      return { ...none, delay: { ...none.delay, count } };
    };

    it('fill in where that gives none, for the queue of that name', () => {
      const expected = { ...place, delay: { count: 5, p50Ms: 2, source: 'client_spans', uncertaintyMs: 4 } };
      expect(withClientDelays([seen('/', 0)], [client], [])).toMatchObject([expected]);
      expect(withClientDelays([], [client], [place])).toMatchObject([expected]);
    });

    it('never replace it', () => {
      const broker = seen('/', 1);
      expect(withClientDelays([broker], [client], [place])).toEqual([broker]);
    });

    it('stand alone where no queue, or more than one, has that name', () => {
      const alone = { broker: '', vhost: '', queue: 'q', delay: { count: 5 } };
      expect(withClientDelays([], [client], [])).toMatchObject([alone]);
      expect(withClientDelays([seen('a', 0), seen('b', 0)], [client], [])).toMatchObject([
        { vhost: 'a', delay: { count: 0 } },
        { vhost: 'b', delay: { count: 0 } },
        alone,
      ]);
    });
  });
});
