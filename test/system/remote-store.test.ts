import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { z } from 'zod';
import { statuses } from '../../examples/jewelry/faults.ts';
import { CHECKOUT, endEverything, launchWaybill, StartedProcess, temporaryDirectory, Waybill } from './harness.ts';
import { sendSpans, type TestSpan } from './otlp-sender.ts';

const BEGIN = 1_795_000_000_000_000_000n;
const serverSaid = z.object({ url: z.url(), password: z.string().min(8) });

afterAll(endEverything);

/** An order from its first status to its last, one trace a status. */
function orderOf(orderId: string): TestSpan[] {
  return statuses.map((status, index): TestSpan => {
    const startedAt = BEGIN + BigInt(index) * 1_000_000_000n;
    const attributes = { 'order.id': orderId, 'order.status': status };
    const digits = (index + 1).toString(16);
    return {
      traceId: digits.padStart(32, 'c'),
      spanId: digits.padStart(16, 'c'),
      // Of none of the systems: it may speak for all.
      service: 'order-gateway',
      name: `enter ${status}`,
      startedAt,
      attributes: { 'order.id': orderId },
      events: [{ name: 'order.status_changed', at: startedAt, attributes }],
    };
  });
}

it('follows an order with its store in a ClickHouse server elsewhere, and finds it there again', async () => {
  const server = new StartedProcess(
    [join(CHECKOUT, 'test/system/remote-clickhouse.ts'), join(await temporaryDirectory(), 'clickhouse')],
    { lastSignal: 'SIGTERM' },
  );
  const [line] = await server.says(/^\{.*\}$/m);
  const { url, password } = serverSaid.parse(JSON.parse(line));
  const store = { url, user: 'default', password: '${env:TEST_STORE_PASSWORD}', database: 'waybill_remote' };
  const env = { TEST_STORE_PASSWORD: password };

  const dataDir = await temporaryDirectory();
  const first = await Waybill.start({ dataDir, more: { store }, env });
  expect((await sendSpans(first.otlpHttp, orderOf('REMOTE-1'), 'gzip')).status).toBe(200);
  await expect.poll(async () => (await first.api.order('REMOTE-1'))?.status, { timeout: 30_000 }).toBe('CLOSED');
  expect((await first.api.system()).store).toEqual({ embedded: false, ok: true, restarts: 0 });
  expect(existsSync(join(dataDir, 'store'))).toBe(false);
  expect(await first.stop()).toMatchObject({ code: 0 });

  // The data directory holds the journal alone: with another one the order is still there.
  const second = await Waybill.start({ dataDir: await temporaryDirectory(), more: { store }, env });
  const order = await second.api.order('REMOTE-1');
  expect(order?.visits.map(({ status }) => status)).toEqual(statuses);
  expect(order?.deviations).toEqual([]);
  expect((await second.api.trace(orderOf('REMOTE-1')[0]?.traceId ?? ''))?.spans).toHaveLength(1);

  // And orders go on being folded, though the new journal knows nothing of the segments before it.
  const report = { orderId: 'REMOTE-2', status: 'INITIATED', occurredAt: '2026-11-22T10:00:00Z', source: 'test' };
  expect((await second.api.report(report)).status).toBe(202);
  await expect.poll(async () => (await second.api.order('REMOTE-2'))?.status, { timeout: 30_000 }).toBe('INITIATED');

  // A wrong password is said without it, and nothing starts.
  const wrong = launchWaybill({
    dataDir: await temporaryDirectory(),
    more: { store },
    env: { TEST_STORE_PASSWORD: 'wrong-password' },
  });
  expect((await wrong.exited).code).toBe(2);
  expect(wrong.stderr).toMatch(/^waybill: .*\n {2}→ /);
  expect(wrong.stderr).not.toContain('wrong-password');

  expect(await second.stop()).toMatchObject({ code: 0 });
  for (const { process } of [first, second]) expect(process.stdout + process.stderr).not.toContain(password);
  expect(await server.end()).toMatchObject({ code: 0 });
});
