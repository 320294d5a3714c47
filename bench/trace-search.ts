import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { traces } from '../src/api/contract/traces.ts';
import { Histogram } from '../src/bench/histogram.ts';
import { mix, RunIds } from '../src/bench/ids.ts';
import { OwnWaybill } from '../src/bench/own-waybill.ts';
import { PLAN_SPANS, PLAN_TRACES, planSpans } from '../src/bench/plan.ts';
import { processTree } from '../src/bench/processes.ts';
import { writeValue } from '../src/bench/request-body.ts';
import { settle } from '../src/bench/settle.ts';
import { VALUE_DIGITS, VALUE_KEY } from '../src/bench/template.ts';
import type { StoreClient } from '../src/store/client.ts';
import { storeConfigSchema } from '../src/store/config.ts';
import { openStore } from '../src/store/store.ts';
import { SEED, segments, sentAt } from './schema/segments.ts';

/*
 * How Waybill searches traces in its embedded store: `npm run bench:traces -- --spans 10000000`.
 *
 * 1. A store is filled with spans of the topology of `waybill bench` (Online Boutique, 429 bytes as protobuf, 10,000 values of one attribute)
 *    at 20,000 a second of their own clock: encoded by the journal's codec, in segments of 50,176, inserted as the loader does. One trace in
 *    4,000 gets one span more, of a service of its own, some time later. Merges are waited for, nothing is optimised by hand. With --directory it is kept and used again.
 * 2. A server of this checkout is started on it, and asked over HTTP, one request at a time, for pages of 20 traces: services, operations,
 *    durations, windows and values are drawn anew for every request. The engine's query condition cache is off for these questions.
 */

const RARE_SERVICE = 'auditservice';
const SETTLE_WITHIN_MS = 900_000;
const WARM_UP = 3;

const kept = z.object({ spans: z.number(), end: z.number() });
type Filled = z.infer<typeof kept>;

const { values } = parseArgs({
  options: {
    spans: { type: 'string', default: '10000000' },
    asks: { type: 'string', default: '60' },
    directory: { type: 'string' },
    only: { type: 'string', default: '' },
  },
});

async function insertSegments(store: StoreClient, { spans, end }: Filled): Promise<void> {
  let segment = 0;
  for (const blocks of segments(spans, 'medium', end)) {
    const resources = blocks.get('resources');
    // As in the server, which writes them once.
    if (segment === 0 && resources !== undefined) await store.insertBlocks('resources', [resources]);
    await store.insertBlocks('spans', [blocks.get('spans') ?? new Uint8Array(0)], { token: `bench-${segment}` });
    segment += 1;
    if (segment % 20 === 0) process.stderr.write(`filling: segment ${segment}\n`);
  }
  await store.command(
    `INSERT INTO spans SELECT * REPLACE ('${RARE_SERVICE}' AS service, 'audit' AS name, reverse(span_id) AS span_id, span_id AS parent_span_id)
     FROM (SELECT * FROM spans WHERE parent_span_id = toFixedString('', 8) AND cityHash64(trace_id) % 4000 = 0)`,
  );
}

/** Fills the store of a directory where it is not filled yet. */
async function filled(directory: string, spans: number): Promise<Filled> {
  const file = join(directory, 'generated.json');
  if (existsSync(file)) {
    const before = kept.parse(JSON.parse(readFileSync(file, 'utf8')));
    if (before.spans === spans) return before;
    throw new Error(`${directory} holds ${before.spans} spans; name another directory`);
  }
  mkdirSync(directory, { recursive: true });
  const made = { spans, end: Date.now() };
  const store = await openStore(storeConfigSchema.parse({}), {
    dataDir: join(directory, 'data'),
    log: () => undefined,
  });
  try {
    await insertSegments(store.client, made);
    await settle({ api: undefined, store: store.client, pid: process.pid }, SETTLE_WITHIN_MS);
    const size = await store.client.query<{ table: string; bytes: string; parts: string }>(
      `SELECT table, sum(bytes_on_disk) AS bytes, count() AS parts FROM system.parts WHERE active AND database = currentDatabase()
         AND table IN ('spans', 'trace_index', 'operations') GROUP BY table ORDER BY table`,
    );
    for (const { table, bytes, parts } of size) {
      process.stdout.write(`${table.padEnd(54)} ${(Number(bytes) / spans).toFixed(2)} bytes a span, ${parts} parts\n`);
    }
  } finally {
    await store.close();
  }
  writeFileSync(file, JSON.stringify(made));
  return made;
}

const SERVICES_OF_PLAN = [...new Set(planSpans(429).map(({ service }) => service))];

/** Draws what is asked for; the same for the same question. */
class Draw {
  readonly #filled: Filled;
  readonly #index: number;
  readonly #ids = new RunIds(SEED);

  constructor(store: Filled, index: number) {
    this.#filled = store;
    this.#index = index;
  }

  number(what: number): number {
    return mix(this.#index * 64 + what + 1);
  }

  one<T>(what: number, from: readonly T[]): T | undefined {
    return from[this.number(what) % from.length];
  }

  operation(): Record<string, string> {
    const plan = planSpans(429);
    const span = this.one(1, plan);
    return { service: span?.service ?? '', operation: span?.name ?? '' };
  }

  /** From 20 seconds to everything, anywhere in the data. */
  window(): Record<string, string> {
    const { spans, end } = this.#filled;
    const start = sentAt(0, spans, end) - 1_000;
    const share = this.one(2, [0.04, 0.2, 1]) ?? 1;
    const length = (end - start) * share;
    const since = start + ((end - start - length) * (this.number(3) % 1_000)) / 1_000;
    return { since: new Date(since).toISOString(), until: new Date(since + length + 1_000).toISOString() };
  }

  everything(): Record<string, string> {
    return { since: new Date(sentAt(0, this.#filled.spans, this.#filled.end) - 60_000).toISOString() };
  }

  requestId(): string {
    const bytes = Buffer.alloc(VALUE_DIGITS);
    writeValue(bytes, 0, this.number(4) % this.#filled.spans, 'medium');
    return bytes.toString('ascii');
  }

  trace(): string {
    const all = (this.#filled.spans / PLAN_SPANS) * PLAN_TRACES;
    // One in five does not exist.
    return this.#ids.traceText((this.number(5) % all) + (this.#index % 5 === 4 ? all : 0));
  }
}

type Question = (draw: Draw) => Record<string, string>;

const DURATIONS = ['10us', '1ms', '20ms', '50ms', '100ms', '180ms', '10s'];
const SEARCHES: Record<string, Question> = {
  'service, operation, duration, window': (draw) => ({
    ...draw.operation(),
    minDuration: draw.one(6, DURATIONS) ?? '',
    ...draw.window(),
  }),
  'service, window': (draw) => ({ service: draw.one(1, SERVICES_OF_PLAN) ?? '', ...draw.window() }),
  'service, duration from and to, window': (draw) => ({
    service: draw.one(1, SERVICES_OF_PLAN) ?? '',
    minDuration: draw.one(6, DURATIONS.slice(0, 3)) ?? '',
    maxDuration: draw.one(7, DURATIONS.slice(3)) ?? '',
    ...draw.window(),
  }),
  'rare service (1 trace in 4,000), all the time': (draw) => ({ service: RARE_SERVICE, ...draw.everything() }),
  'errors of a service, window': (draw) => ({
    service: draw.one(1, ['adservice', 'frontend', 'cartservice']) ?? '',
    error: 'true',
    ...draw.window(),
  }),
  'duration, no service, window': (draw) => ({ minDuration: draw.one(6, DURATIONS) ?? '', ...draw.window() }),
  'window only': (draw) => draw.window(),
};
const BY_ATTRIBUTE: Record<string, Question> = {
  'attribute: one of 10,000 values, all the time': (draw) => ({
    attribute: `${VALUE_KEY}=${draw.requestId()}`,
    ...draw.everything(),
  }),
  'attribute: frequent value, window': (draw) => ({
    attribute:
      draw.one(8, ['rpc.system=grpc', 'http.request.method=POST', 'app.locale=de-DE', 'db.namespace=catalog']) ?? '',
    ...draw.window(),
  }),
  'attribute: no such value, all the time': (draw) => ({
    attribute: `${VALUE_KEY}=none-${draw.number(9)}`,
    ...draw.everything(),
  }),
  'attribute of the resource, window': (draw) => ({
    attribute: `service.name=${draw.one(1, SERVICES_OF_PLAN) ?? ''}`,
    ...draw.window(),
  }),
};

/** CPU seconds of the server and its store. */
function cpuSeconds(pid: number): number {
  return processTree(pid).reduce((sum, use) => sum + use.cpuSeconds, 0);
}

/** Asks, where `--only` names the question or nothing. */
async function ask(
  waybill: OwnWaybill,
  name: string,
  count: number,
  request: (index: number) => Promise<number>,
): Promise<void> {
  if (!name.includes(values.only)) return;
  const latency = new Histogram();
  let found = 0;
  let cpu = 0;
  for (let index = -WARM_UP; index < count; index += 1) {
    if (index === 0) cpu = cpuSeconds(waybill.pid);
    const startedAt = performance.now();
    const rows = await request(index + WARM_UP);
    if (index < 0) continue;
    latency.add(performance.now() - startedAt);
    if (rows > 0) found += 1;
  }
  const { p50, p95, max } = latency.latency();
  const perRequest = ((cpuSeconds(waybill.pid) - cpu) * 1000) / count;
  process.stdout.write(
    `${name.padEnd(54)} p50 ${p50?.toFixed(1)} ms, p95 ${p95?.toFixed(1)} ms, max ${max?.toFixed(1)} ms, CPU ${perRequest.toFixed(0)} ms, ${found} of ${count} found some\n`,
  );
}

async function search(waybill: OwnWaybill, parameters: Record<string, string>): Promise<z.output<typeof traces>> {
  const response = await fetch(`${waybill.api}/api/traces?${new URLSearchParams(parameters).toString()}`);
  if (!response.ok) throw new Error(`${response.status} of ${response.url}`);
  return traces.parse(await response.json());
}

const temporary = values.directory === undefined ? mkdtempSync(join(tmpdir(), 'waybill-traces-')) : undefined;
const directory = values.directory ?? temporary ?? '';
const asks = Number(values.asks);
try {
  // Whole plans, so that every trace is whole.
  const store = await filled(directory, Math.ceil(Number(values.spans) / PLAN_SPANS) * PLAN_SPANS);
  const waybill = await OwnWaybill.start({ cli: resolve(import.meta.dirname, '../src/main/cli.ts'), directory });
  try {
    await settle({ api: waybill.api, store: waybill.store, pid: waybill.pid }, SETTLE_WITHIN_MS);
    process.stdout.write(
      `${store.spans} spans, ${cpus()[0]?.model.trim()}, ${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}\n`,
    );
    for (const [name, question] of Object.entries({ ...SEARCHES, ...BY_ATTRIBUTE })) {
      await ask(
        waybill,
        name,
        asks,
        async (index) => (await search(waybill, question(new Draw(store, index)))).traces.length,
      );
    }
    let cursor: string | null = null;
    await ask(waybill, 'next page of a service', asks, async (index) => {
      const page = await search(waybill, {
        service: 'emailservice',
        ...new Draw(store, index).everything(),
        ...(cursor === null ? {} : { cursor }),
      });
      cursor = page.nextCursor;
      return page.traces.length;
    });
    await ask(waybill, 'trace by id', asks, async (index) => {
      const response = await fetch(`${waybill.api}/api/traces/${new Draw(store, index).trace()}`);
      await response.arrayBuffer();
      return response.ok ? 1 : 0;
    });
  } finally {
    await waybill.stop();
  }
} finally {
  if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true });
}
