import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { MAX_IMPORTED_EVENTS } from '../src/api/contract/imports.ts';
import { system } from '../src/api/contract/system.ts';
import { OwnWaybill } from '../src/bench/own-waybill.ts';
import { requireLifecycle } from '../src/lifecycle/parse.ts';
import { fillStore } from './fill-store.ts';
import { generateOrder, orderIdOf } from './generated-orders.ts';

/*
 * How Waybill answers with a year of orders in its embedded store, and how fast it folds orders again.
 *
 * 1. A store is filled with generated orders (seeded; ids scattered, durations lognormal, a tenth of a year's orders still open where
 *    their steps lie ahead; from every third order one report is held back): encoded by the journal's codec, loaded as the loader does,
 *    folded by the projector. With --directory it is kept and used again.
 * 2. A server of this checkout is started on it. One request at a time over HTTP: status figures for a month, every request with another
 *    start of the window; then orders, every request another one. Nothing of Waybill caches either.
 * 3. Reports that were held back are sent through POST /api/imports at a fixed rate, each of another order, in no order. Every one puts
 *    a visit into the middle of an order. The rate that counts is the number of them by the time until every order is folded again.
 */

const EVENTS_PER_REQUEST = 1_000;
const DAY_MS = 86_400_000;
const WARM_UP = 5;
/** Longest wait for the last fold, in milliseconds. */
const SETTLED_WITHIN_MS = 900_000;
/** A prime, far from the number of orders: multiples of it visit them in no order. */
const STRIDE = 7_368_787;

const kept = z.object({ orders: z.number(), now: z.number() });
type Filled = z.infer<typeof kept>;

function row(name: string, text: string): void {
  process.stdout.write(`${name.padEnd(34)} ${text}\n`);
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

/** Bodies of imports, made beforehand so that making them takes nothing from the server. */
function lateReports({ orders, now }: Filled, events: number): string[] {
  const bodies: string[] = [];
  const groups = Math.ceil(orders / 3);
  let batch: unknown[] = [];
  for (let taken = 0, step = 0; taken < events && step < groups; step += 1) {
    const { late } = generateOrder(((step * STRIDE) % groups) * 3, now);
    if (late === undefined || late.order.kind !== 'order') continue;
    const { order, status, source, sequence } = late;
    batch.push({
      order: { orderId: order.orderId },
      status,
      occurredAt: String(late.occurredAt),
      source,
      id: late.evidenceId,
      sequence,
      traceId: null,
      spanId: null,
    });
    taken += 1;
    if (batch.length < Math.min(EVENTS_PER_REQUEST, MAX_IMPORTED_EVENTS) && taken < events) continue;
    bodies.push(JSON.stringify({ events: batch, attributes: [] }));
    batch = [];
  }
  return bodies;
}

async function sendLate(waybill: OwnWaybill, bodies: readonly string[], rate: number): Promise<void> {
  const projector = async () => system.parse(await (await fetch(`${waybill.api}/api/system`)).json()).projector;
  const before = (await projector()).refoldedOrders;
  const startedAt = performance.now();
  let refused = 0;
  const open = new Set<Promise<void>>();
  for (const [index, body] of bodies.entries()) {
    const early = startedAt + ((index * EVENTS_PER_REQUEST) / rate) * 1000 - performance.now();
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
  const events = bodies.length * EVENTS_PER_REQUEST;
  const sentSeconds = (performance.now() - startedAt) / 1000;
  const atEnd = await projector();
  row(
    'late events: sent',
    `${whole(events)} in ${sentSeconds.toFixed(1)} s, ${whole(events / sentSeconds)}/s; ${refused} requests refused`,
  );
  row('late events: folded by then', `${whole(atEnd.refoldedOrders - before)} orders, lag ${whole(atEnd.lagMs)} ms`);
  const giveUpAt = performance.now() + SETTLED_WITHIN_MS;
  let now = atEnd;
  while ((now.lagMs > 0 || now.refoldedOrders - before < events) && performance.now() < giveUpAt) {
    await sleep(50);
    now = await projector();
  }
  const seconds = (performance.now() - startedAt) / 1000;
  const folded = now.refoldedOrders - before;
  row(
    'late events: sustained',
    `${whole(folded / seconds)} orders refolded a second over ${seconds.toFixed(1)} s, ${now.failures} failed rounds`,
  );
}

async function bench(): Promise<void> {
  const { values } = parseArgs({
    options: {
      orders: { type: 'string', default: '1000000' },
      directory: { type: 'string' },
      requests: { type: 'string', default: '200' },
      rate: { type: 'string', default: '10000' },
      seconds: { type: 'string', default: '30' },
    },
  });
  const [orders, requests, rate, seconds] = [values.orders, values.requests, values.rate, values.seconds].map(Number);
  if (!(Number(orders) >= 1000 && Number(requests) >= 1 && Number(rate) >= 1000 && Number(seconds) >= 1)) {
    throw new Error('--orders from 1000, --requests from 1, --rate from 1000, --seconds from 1');
  }
  const directory = values.directory ?? mkdtempSync(join(tmpdir(), 'waybill-orders-'));
  try {
    row(
      'load of the machine before',
      loadavg()
        .map((load) => load.toFixed(1))
        .join(' '),
    );
    const made = await filled(directory, orders ?? 0);
    const bodies = lateReports(made, (rate ?? 0) * (seconds ?? 0));
    const waybill = await OwnWaybill.start({ cli: resolve(import.meta.dirname, '../src/main/cli.ts'), directory });
    try {
      const since = (index: number): string => new Date(Date.now() - 30 * DAY_MS - index * 61_003).toISOString();
      row(
        'status figures for a month',
        quantiles(await timed(requests ?? 0, (index) => `${waybill.api}/api/statuses?since=${since(index)}`)),
      );
      const order = (index: number): string => orderIdOf((index * STRIDE) % made.orders);
      row('one order', quantiles(await timed(requests ?? 0, (index) => `${waybill.api}/api/orders/${order(index)}`)));
      await sendLate(waybill, bodies, rate ?? 0);
      row(
        'load of the machine after',
        loadavg()
          .map((load) => load.toFixed(1))
          .join(' '),
      );
    } finally {
      await waybill.stop();
    }
  } finally {
    if (values.directory === undefined) rmSync(directory, { recursive: true, force: true });
  }
}

await bench();
