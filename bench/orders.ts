import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { system } from '../src/api/contract/system.ts';
import { OwnWaybill } from '../src/bench/own-waybill.ts';
import { processTree } from '../src/bench/processes.ts';
import { settle } from '../src/bench/settle.ts';
import { requireLifecycle } from '../src/lifecycle/parse.ts';
import type { StatusFact } from '../src/model/order.ts';
import { fillStore } from './fill-store.ts';
import { generateOrder, LATENESS, orderIdOf } from './generated-orders.ts';
import { machineLoad } from './machine-load.ts';

/*
 * How Waybill answers with a year of orders in its embedded store, and how fast it folds orders again.
 *
 * 1. A store is filled with generated orders (seeded; ids scattered, durations lognormal, a tenth of a year's orders still open where
 *    their steps lie ahead; from every third order one report is held back, from every twelfth four, as if a system had been cut off):
 *    encoded by the journal's codec, loaded as the loader does, folded by the projector, merged. With --directory it is kept and used again.
 * 2. A server of this checkout is started on it. When it has come to rest (merges of the filling), one request at a time over HTTP:
 *    status figures for a month, every request with another start of the window; then orders, every request another one. Nothing of Waybill caches either.
 * 3. Reports that were held back are sent through POST /api/imports at a fixed rate, in no order: first those that are the only one of
 *    their order, then, after rest, those of the system that was cut off. Every one puts a visit into the middle of an order. The rate that counts is
 *    the number of them by the time until every order is folded again.
 */

const EVENTS_PER_REQUEST = 1_000;
const DAY_MS = 86_400_000;
const WARM_UP = 5;
/** Longest wait for the last fold, or for rest, in milliseconds. */
const SETTLED_WITHIN_MS = 900_000;
/** A prime, far from the number of orders: multiples of it visit them in no order. */
const STRIDE = 7_368_787;

const kept = z.object({ orders: z.number(), now: z.number() });
type Filled = z.infer<typeof kept>;

function row(name: string, text: string): void {
  process.stdout.write(`${name.padEnd(42)} ${text}\n`);
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}

function quantiles(values: readonly number[]): string {
  const ascending = values.toSorted((a, b) => a - b);
  const at = (share: number): string =>
    (ascending[Math.min(ascending.length - 1, Math.floor(share * ascending.length))] ?? 0).toFixed(1);
  return `p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, max ${at(1)} ms over ${values.length} requests`;
}

async function filled(directory: string, orders: number): Promise<Filled> {
  const file = join(directory, 'generated.json');
  if (existsSync(file)) {
    const before = kept.parse(JSON.parse(readFileSync(file, 'utf8')));
    if (before.orders === orders) return before;
    throw new Error(`${directory} holds ${before.orders} orders; name another directory`);
  }
  mkdirSync(directory, { recursive: true });
  const path = resolve(import.meta.dirname, '../examples/jewelry/lifecycle.yaml');
  const made = { orders, now: Date.now() };
  const startedAt = performance.now();
  let told = startedAt;
  await fillStore({
    dataDir: join(directory, 'data'),
    ...made,
    lifecycle: requireLifecycle(readFileSync(path, 'utf8'), path),
    progress: (folded) => {
      if (performance.now() - told < 10_000) return;
      told = performance.now();
      process.stderr.write(`filling: ${whole(folded)} of ${whole(orders)} orders\n`);
    },
  });
  const seconds = (performance.now() - startedAt) / 1000;
  row(
    'filled',
    `${whole(orders)} orders in ${whole(seconds)} s, ${whole(orders / seconds)} orders/s generated and folded`,
  );
  writeFileSync(file, JSON.stringify(made));
  return made;
}

/** Milliseconds of `count` requests, one after another, behind a few that are not counted. */
async function timed(count: number, url: (index: number) => string): Promise<number[]> {
  const latencies: number[] = [];
  for (let index = -WARM_UP; index < count; index += 1) {
    const startedAt = performance.now();
    const response = await fetch(url(index + WARM_UP));
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`${response.status} of ${response.url}`);
    if (index >= 0) latencies.push(performance.now() - startedAt);
  }
  return latencies;
}

/** Bodies of imports, made beforehand so that making them takes nothing from the server; the reports of an order stay together. */
function lateReports({ orders, now }: Filled, kind: keyof typeof LATENESS, events: number): LateReports {
  const { every, offset } = LATENESS[kind];
  const groups = Math.floor((orders - offset) / every);
  const bodies: string[] = [];
  let batch: unknown[] = [];
  let taken = 0;
  let late = 0;
  for (let step = 0; step < groups && taken < events; step += 1) {
    const held = generateOrder(((step * STRIDE) % groups) * every + offset, now).late;
    if (held.length > 0) late += 1;
    batch.push(...held.map(toImport));
    taken += held.length;
    if (batch.length < EVENTS_PER_REQUEST && taken < events) continue;
    bodies.push(JSON.stringify({ events: batch, attributes: [] }));
    batch = [];
  }
  if (batch.length > 0) bodies.push(JSON.stringify({ events: batch, attributes: [] }));
  return { bodies, events: taken, orders: late };
}

interface LateReports {
  readonly bodies: readonly string[];
  readonly events: number;
  /** Orders that they are about. */
  readonly orders: number;
}

function toImport({ order, status, occurredAt, source, evidenceId, sequence }: StatusFact): unknown {
  return {
    order: { orderId: order.kind === 'order' ? order.orderId : '' },
    status,
    occurredAt: String(occurredAt),
    source,
    id: evidenceId,
    sequence,
    traceId: null,
    spanId: null,
  };
}

/** Sends reports at a rate, waits until all of them are folded, and prints how long that took. */
async function sendLate(waybill: OwnWaybill, name: string, late: LateReports, rate: number): Promise<void> {
  const projector = async () => system.parse(await (await fetch(`${waybill.api}/api/system`)).json()).projector;
  const cpu = (): number => processTree(waybill.pid).reduce((sum, use) => sum + use.cpuSeconds, 0);
  const before = (await projector()).refoldedOrders;
  const cpuBefore = cpu();
  const startedAt = performance.now();
  let refused = 0;
  const open = new Set<Promise<void>>();
  for (const [index, body] of late.bodies.entries()) {
    const early = startedAt + ((index * late.events) / late.bodies.length / rate) * 1000 - performance.now();
    if (early > 0) await sleep(early);
    const headers = { 'content-type': 'application/json' };
    const sending: Promise<void> = fetch(`${waybill.api}/api/imports`, { method: 'POST', headers, body })
      .then(async (response) => {
        await response.arrayBuffer();
        if (!response.ok) refused += 1;
      })
      .finally(() => open.delete(sending));
    open.add(sending);
  }
  await Promise.all(open);
  const sentSeconds = (performance.now() - startedAt) / 1000;
  const atEnd = await projector();
  row(
    `${name}: sent`,
    `${whole(late.events)} about ${whole(late.orders)} orders in ${sentSeconds.toFixed(1)} s, ${whole(late.events / sentSeconds)}/s; ${refused} requests refused`,
  );
  row(`${name}: folded by then`, `${whole(atEnd.refoldedOrders - before)} orders, lag ${whole(atEnd.lagMs)} ms`);
  const giveUpAt = performance.now() + SETTLED_WITHIN_MS;
  let now = atEnd;
  while ((now.lagMs > 0 || now.refoldedOrders - before < late.orders) && performance.now() < giveUpAt) {
    await sleep(50);
    now = await projector();
  }
  const seconds = (performance.now() - startedAt) / 1000;
  const perOrder = ((cpu() - cpuBefore) / late.orders) * 1e6;
  row(
    `${name}: sustained`,
    `${whole(late.events / seconds)} events/s, ${whole(late.orders / seconds)} orders/s folded over ${seconds.toFixed(1)} s, ` +
      `${whole(perOrder)} µs of CPU an order, ${now.failures} failed rounds`,
  );
}

/** Waits for merges of what was before: they cost the same processor time. */
async function rest({ api, pid }: OwnWaybill): Promise<void> {
  const { isQuiet } = await settle({ api, store: undefined, pid }, SETTLED_WITHIN_MS);
  if (!isQuiet) row('note', 'the store had not come to rest');
}

async function bench(): Promise<void> {
  const { values } = parseArgs({
    options: {
      orders: { type: 'string', default: '1000000' },
      directory: { type: 'string' },
      requests: { type: 'string', default: '200' },
      rate: { type: 'string', default: '15000' },
      seconds: { type: 'string', default: '20' },
    },
  });
  const [orders, requests, rate, seconds] = [values.orders, values.requests, values.rate, values.seconds].map(Number);
  if (!(Number(orders) >= 1000 && Number(requests) >= 1 && Number(rate) >= 1000 && Number(seconds) >= 1)) {
    throw new Error('--orders from 1000, --requests from 1, --rate from 1000, --seconds from 1');
  }
  const directory = values.directory ?? mkdtempSync(join(tmpdir(), 'waybill-orders-'));
  try {
    row('load of the machine before', machineLoad());
    const made = await filled(directory, orders ?? 0);
    const events = (rate ?? 0) * (seconds ?? 0);
    const one = lateReports(made, 'one', events);
    const cutOff = lateReports(made, 'cutOff', events);
    const waybill = await OwnWaybill.start({ cli: resolve(import.meta.dirname, '../src/main/cli.ts'), directory });
    try {
      await rest(waybill);
      const since = (index: number): string => new Date(Date.now() - 30 * DAY_MS - index * 61_003).toISOString();
      row(
        'status figures for a month',
        quantiles(await timed(requests ?? 0, (index) => `${waybill.api}/api/statuses?since=${since(index)}`)),
      );
      const order = (index: number): string => orderIdOf((index * STRIDE) % made.orders);
      row('one order', quantiles(await timed(requests ?? 0, (index) => `${waybill.api}/api/orders/${order(index)}`)));
      await sendLate(waybill, 'late, one report an order', one, rate ?? 0);
      await rest(waybill);
      await sendLate(waybill, 'late, a system was cut off', cutOff, rate ?? 0);
      row('load of the machine after', machineLoad());
    } finally {
      await waybill.stop();
    }
  } finally {
    if (values.directory === undefined) rmSync(directory, { recursive: true, force: true });
  }
}

await bench();
