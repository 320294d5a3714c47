import { rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Histogram } from '../../src/bench/histogram.ts';
import { mix, RunIds } from '../../src/bench/ids.ts';
import { PLAN_SPANS, PLAN_TRACES, planSpans } from '../../src/bench/plan.ts';
import { type Cardinality, writeValue } from '../../src/bench/request-body.ts';
import { settle } from '../../src/bench/settle.ts';
import { VALUE_DIGITS, VALUE_KEY } from '../../src/bench/template.ts';
import { BenchEngine } from './engine.ts';
import { LAYOUTS, type Layout, WAYBILL, type Wanted } from './layouts.ts';
import { SEED, SEGMENT_SPANS, type SegmentBlocks, segments, sentAt } from './segments.ts';

/*
 * The same spans in Waybill's tables, in those of the OpenTelemetry Collector's exporter and in Jaeger's: what they cost, what they take
 * and how fast they answer. `npm run bench:schema -- --spans 10000000`
 */

const METHOD = `Spans of the topology of \`waybill bench\` (Online Boutique, 429 bytes as protobuf, seed ${SEED}), encoded by the journal in
requests of ${PLAN_SPANS}, inserted in segments of ${SEGMENT_SPANS} from files in the Native format whose blocks and columns are those of
the layout: converting them for the others is not counted. The same engine, settings and durability (fsync after insert) for all; nothing
is optimised by hand. Insert: CPU of the engine without its merging threads. Merges: CPU of those, until nothing is left to merge.
Bytes: everything on disk that is not yet merged into something else, tables and indexes of the layout together, without the orders'.
Questions: one at a time over the engine's socket, condition cache off, other values each time; the newest 20 traces. One in five traces
that are asked for does not exist; operations, shortest durations and windows of ten minutes to all are drawn.
`;
const SETTLE_WITHIN_MS = 600_000;
const NO_CACHE = 'SETTINGS use_query_condition_cache = 0';

interface Result {
  readonly layout: string;
  readonly insertMicros: number;
  readonly mergeMicros: number;
  readonly bytes: number;
  readonly latencies: readonly { readonly question: string; readonly latency: Histogram }[];
}

interface Load {
  readonly spans: number;
  readonly cardinality: Cardinality;
  readonly endMs: number;
  readonly asks: number;
}

/** Turns segments of Waybill's rows into files for another layout; in an engine of its own, so that it costs the others nothing. */
class Converter {
  readonly #source: BenchEngine;

  private constructor(source: BenchEngine) {
    this.#source = source;
  }

  static async start(): Promise<Converter> {
    const source = await BenchEngine.start();
    for (const table of WAYBILL.tables) await source.client.command(table);
    await source.client.command('CREATE TABLE one_segment AS spans ENGINE = Memory');
    return new Converter(source);
  }

  async convert(
    blocks: SegmentBlocks,
    layout: Layout,
    types: ReadonlyMap<string, string>,
    file: string,
  ): Promise<void> {
    const { client, directory } = this.#source;
    for (const [table, target] of [
      ['resources', 'resources'],
      ['spans', 'one_segment'],
    ] as const) {
      const bytes = blocks.get(table);
      if (bytes === undefined) continue;
      const path = join(directory, `${table}.native`);
      await writeFile(path, bytes);
      await this.#source.insertFile(target, await this.#source.columns(table), path);
    }
    const columns = Object.entries(layout.from).map(
      ([name, value]) => `CAST(${value}, '${(types.get(name) ?? '').replaceAll("'", "\\'")}') AS \`${name}\``,
    );
    // Blocks stay as they are: one of each request.
    await client.command(
      `INSERT INTO FUNCTION file('${file}', 'Native') SELECT ${columns.join(', ')} FROM one_segment AS waybill
       ANY LEFT JOIN (SELECT resource_id, attribute_keys AS resource_keys, attribute_types AS resource_types,
         attribute_values AS resource_values FROM resources LIMIT 1 BY resource_id) AS resource USING resource_id
       SETTINGS max_threads = 1, enable_analyzer = 1`,
    );
    await client.command('TRUNCATE TABLE one_segment');
  }

  stop(): Promise<void> {
    return this.#source.stop();
  }
}

async function fill(engine: BenchEngine, layout: Layout, load: Load): Promise<number> {
  const own = layout === WAYBILL;
  const converter = own ? undefined : await Converter.start();
  const file = join(engine.directory, 'segment.native');
  const all = await engine.columns(layout.spans);
  const types = new Map(all.map(({ name, type }) => [name, type]));
  const columns = own ? all : Object.keys(layout.from).map((name) => ({ name, type: types.get(name) ?? '' }));
  let rows = 0;
  try {
    for (const blocks of segments(load.spans, load.cardinality, load.endMs)) {
      rows += Math.min(SEGMENT_SPANS, load.spans - rows);
      process.stderr.write(`\r${layout.name}: ${rows} spans `);
      if (converter === undefined) {
        const resources = blocks.get('resources');
        // As in the server, which writes them once.
        if (rows <= SEGMENT_SPANS && resources !== undefined) {
          await writeFile(file, resources);
          await engine.insertFile('resources', await engine.columns('resources'), file);
        }
        await writeFile(file, blocks.get('spans') ?? new Uint8Array(0));
      } else await converter.convert(blocks, layout, types, file);
      await engine.insertFile(layout.spans, columns, file);
      await rm(file);
    }
  } finally {
    await converter?.stop();
    process.stderr.write('\n');
  }
  return rows;
}

/** What the question number `index` asks for. */
function want(index: number, load: Load): Wanted {
  const ids = new RunIds(SEED);
  const random = (what: number): number => mix(index * 8 + what);
  const plans = load.spans / PLAN_SPANS;
  const traces = Math.floor(plans * PLAN_TRACES);
  // Numbers behind the last one are of traces that do not exist.
  const trace = (random(0) % traces) + (index % 5 === 4 ? traces : 0);
  const plan = planSpans(429);
  const planned = plan[random(1) % plan.length];
  const minutes = [10, 60, 1e6][index % 3] ?? 60;
  const to = load.endMs / 1000;
  const span = random(2) % load.spans;
  return {
    trace: ids.traceText(trace),
    service: planned?.service ?? '',
    operation: planned?.name ?? '',
    minNano: [0, 1_000_000, 50_000_000, 180_000_000][index % 4] ?? 0,
    from: Math.max(0, to - minutes * 60),
    to,
    key: VALUE_KEY,
    value: valueOf(span, load.cardinality),
  };
}

/** The value that the generator gave span number `span`. */
function valueOf(span: number, cardinality: Cardinality): string {
  const bytes = Buffer.alloc(VALUE_DIGITS);
  writeValue(bytes, 0, span, cardinality);
  return bytes.toString('ascii');
}

async function ask(engine: BenchEngine, layout: Layout, load: Load): Promise<Result['latencies']> {
  const questions = [
    ['trace by id', layout.traceById],
    ['by service, operation, duration, time', layout.search],
    ['by value of an attribute', layout.byAttribute],
  ] as const;
  const found: { question: string; latency: Histogram }[] = [];
  for (const [question, sqlOf] of questions) {
    const latency = new Histogram();
    let answers = 0;
    // The first one reads indexes into memory.
    for (let index = 0; index <= load.asks; index += 1) {
      const startedAt = performance.now();
      const rows = await engine.client.query(`${sqlOf(want(index, load))} ${NO_CACHE}`);
      if (index > 0) latency.add(performance.now() - startedAt);
      if (rows.length > 0) answers += 1;
    }
    if (answers === 0) throw new Error(`${layout.name} finds nothing ${question}`);
    found.push({ question, latency });
  }
  return found;
}

async function measure(layout: Layout, load: Load): Promise<Result> {
  const engine = await BenchEngine.start();
  try {
    for (const table of layout.tables) await engine.client.command(table);
    const before = engine.cpu();
    const rows = await fill(engine, layout, load);
    const { isQuiet } = await settle({ api: undefined, store: engine.client, pid: engine.pid }, SETTLE_WITHIN_MS);
    if (!isQuiet) process.stderr.write(`${layout.name} did not come to rest\n`);
    const after = engine.cpu();
    const [size] = await engine.client.query<{ bytes: string; rows: string }>(
      `SELECT sum(bytes_on_disk) AS bytes, sumIf(rows, table = '${layout.spans}') AS rows FROM system.parts
       WHERE active AND database = currentDatabase()`,
    );
    // A name that does not fit would be filled with defaults and look fast.
    if (Number(size?.rows) !== rows) throw new Error(`${layout.name} has ${size?.rows} rows, not ${rows}`);
    const merges = after.merges - before.merges;
    return {
      layout: layout.name,
      insertMicros: ((after.all - before.all - merges) * 1e6) / rows,
      mergeMicros: (merges * 1e6) / rows,
      bytes: Number(size?.bytes) / rows,
      latencies: await ask(engine, layout, load),
    };
  } finally {
    await engine.stop();
  }
}

function print(results: readonly Result[]): void {
  for (const { layout, insertMicros, mergeMicros, bytes, latencies } of results) {
    process.stdout.write(`\n${layout}\n`);
    process.stdout.write(`  insert ${insertMicros.toFixed(2)} µs of CPU a span, merges ${mergeMicros.toFixed(2)}\n`);
    process.stdout.write(`  ${bytes.toFixed(1)} bytes a span\n`);
    for (const { question, latency } of latencies) {
      const { p50, p95 } = latency.latency();
      process.stdout.write(`  ${question.padEnd(40)} p50 ${p50?.toFixed(1)} ms, p95 ${p95?.toFixed(1)} ms\n`);
    }
  }
}

const { values } = parseArgs({
  options: {
    spans: { type: 'string', default: '2000000' },
    cardinality: { type: 'string', default: 'medium' },
    asks: { type: 'string', default: '60' },
    layout: { type: 'string', default: '' },
  },
});
const cardinality = (['low', 'medium', 'high'] as const).find((each) => each === values.cardinality);
if (cardinality === undefined) throw new Error('--cardinality is low, medium or high');
const load: Load = {
  // Whole plans, so that every trace is whole.
  spans: Math.ceil(Number(values.spans) / PLAN_SPANS) * PLAN_SPANS,
  cardinality,
  // A full hour, so that a run looks like the one before it.
  endMs: Math.floor(Date.now() / 3_600_000) * 3_600_000,
  asks: Number(values.asks),
};
const results: Result[] = [];
for (const layout of LAYOUTS) {
  if (layout.name.toLowerCase().includes(values.layout.toLowerCase())) results.push(await measure(layout, load));
}
process.stdout.write(
  `${METHOD}\n${load.spans} spans, ${cardinality} cardinality, ${cpus()[0]?.model.trim()}, ${cpus().length} cores, `,
);
process.stdout.write(`load ${loadavg()[0]?.toFixed(1)}\n`);
print(results);
process.stdout.write(`\nspans from ${new Date(sentAt(0, load.spans, load.endMs)).toISOString()}\n`);
