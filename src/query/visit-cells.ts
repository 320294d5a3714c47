import { z } from 'zod';
import { binOf, RELATIVE_ERROR, valueOf } from '../lifecycle/dwell/sketch.ts';
import type { WorkingClock } from '../lifecycle/dwell/working-time.ts';
import { nanoToMs, type UnixNano } from '../model/units.ts';
import type { StoreClient } from '../store/client.ts';
import type { FigureScope } from './figure-scope.ts';

/** Most visits whose durations are read exactly; of more, durations are rounded to bins of at most RELATIVE_ERROR. */
export const MAX_EXACT_VISITS = 250_000;

/** Which visits figures are about, and in which time. */
export interface CellScope extends FigureScope {
  /** `at` lies in the past, and things may have come since. */
  readonly past: boolean;
  /** Measures working time; undefined: durations are wall time. */
  readonly working?: WorkingClock | undefined;
  /** Final statuses: nobody waits for their end. */
  readonly finals: readonly string[];
}

/** How often each duration occurs, by ascending durations in milliseconds; each once. */
export interface Durations {
  readonly values: readonly number[];
  readonly counts: readonly number[];
}

/** Visits, or whole orders, of one kind and status that came from one other status. */
export interface VisitCell {
  /** `closed`, `active` and `unknown` are whole orders. */
  readonly kind: 'completed' | 'open' | 'final' | 'closed' | 'active' | 'unknown';
  readonly status: string;
  /** Empty at the start of a region. */
  readonly previous: string;
  readonly count: number;
  /** Whole orders of them that deviate. */
  readonly deviating: number;
  readonly clockAnomalies: number;
  /** How long they took, or their ages while open; nothing for `final` and `unknown`. */
  readonly durations: Durations;
}

/** What figures of statuses are made of. */
export interface VisitCells {
  readonly cells: readonly VisitCell[];
  /** Of visits that ended in the window, by status. */
  readonly recent: ReadonlyMap<string, Durations>;
  /** False where durations were rounded because there are many visits. */
  readonly exact: boolean;
}

// Up to hundreds of thousands of numbers, as the SQL makes them: looking at each would take longer than the query.
const columnOfNumbers = z.custom<number[]>((value) => Array.isArray(value));
const kind = z.enum(['completed', 'open', 'final', 'closed', 'active', 'unknown']);
const cellRow = z.object({
  kind_name: kind,
  status_name: z.string(),
  previous_name: z.string(),
  visits: z.coerce.number(),
  deviating_orders: z.coerce.number(),
  clock_anomalies: z.coerce.number(),
  keys: columnOfNumbers,
  counts: columnOfNumbers,
});
const recentRow = z.object({ status_name: z.string(), keys: columnOfNumbers, counts: columnOfNumbers });

const DESCRIBED = `({described:String} = '' OR has(attributes, {described:String}))`;

/**
 * Rows of `visits` as they were known at `{at:Int64}`: what was entered later is not there, what was left later is open, and an order
 * deviates if it did so by then. The columns have the names of the table, so that both can be asked the same.
 */
const VISITS_AT = `(SELECT multiIf(v.kind = 'unknown', 'unknown',
      v.kind IN ('closed', 'active'), if(v.left_nano != 0 AND v.left_nano <= {at:Int64}, 'closed', 'active'),
      v.left_nano != 0 AND v.left_nano <= {at:Int64}, 'completed', v.status IN {finals:Array(String)}, 'final', 'open') AS kind,
    v.order_id AS order_id, v.status AS status, v.previous AS previous, v.entered_nano AS entered_nano, v.left_nano AS left_nano,
    if(kind IN ('open', 'active'), v.entered_nano, 0) AS open_nano, v.bin AS bin, v.working_nano AS working_nano,
    v.working_bin AS working_bin, toUInt8(v.deviated_nano != 0 AND v.deviated_nano <= {at:Int64}) AS deviating,
    v.anomalies AS anomalies, v.attributes AS attributes, v.net AS net
  FROM visits AS v WHERE v.kind = 'unknown' OR v.entered_nano <= {at:Int64})`;

/** SQL of the bin of milliseconds, as `binOf`; ages below 0 are one bin, a clock anomaly. */
function binSql(milliseconds: string): string {
  const width = Math.log((1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR));
  return `if(${milliseconds} <= 0, -1, toInt32(ceil(log(${milliseconds}) / ${width})) + ${binOf(1)})`;
}

/** Reads the cells of a scope: three queries, whatever the number of figures. More visits than `maxExact` are read in bins. */
export async function visitCells(
  store: StoreClient,
  scope: CellScope & { readonly since?: UnixNano | undefined },
  maxExact = MAX_EXACT_VISITS,
): Promise<VisitCells> {
  const exact = await hasAtMost(store, maxExact);
  const [cells, recent] = await Promise.all([readCells(store, scope, exact), readRecent(store, scope, exact)]);
  return { cells, recent: recent ?? recentOfAll(cells), exact };
}

/** How many visits ended in a window, by status. */
export async function completedCounts(
  store: StoreClient,
  scope: CellScope & { readonly since: UnixNano },
): Promise<Map<string, number>> {
  const rows = await store.query(
    `SELECT toString(status) AS status_name, sum(net) AS visits FROM ${sourceOf(scope)}
     WHERE kind = 'completed' AND left_nano >= {since:Int64} AND ${conditionOf(scope)} GROUP BY status HAVING visits != 0`,
    { ...parametersOf(scope), since: String(scope.since) },
    z.object({ status_name: z.string(), visits: z.coerce.number() }),
  );
  return new Map(rows.map((row) => [row.status_name, row.visits]));
}

/** Rows that a visit may have for a while: of its order, taken back, and written again. */
const ROWS_OF_A_VISIT = 8;

/** Whether there are at most so many visits. The number of rows is known without reading them and mostly says enough. */
async function hasAtMost(store: StoreClient, most: number): Promise<boolean> {
  const [counted] = await store.query('SELECT count() AS rows FROM visits', {}, z.object({ rows: z.coerce.number() }));
  const rows = counted?.rows ?? 0;
  if (rows <= most || rows > most * ROWS_OF_A_VISIT) return rows <= most;
  const [row] = await store.query(
    "SELECT sum(net) AS visits FROM visits WHERE kind IN ('completed', 'open', 'final')",
    {},
    z.object({ visits: z.coerce.number() }),
  );
  return (row?.visits ?? 0) <= most;
}

async function readCells(store: StoreClient, scope: CellScope, exact: boolean): Promise<VisitCell[]> {
  const ended = durationSql(scope, exact);
  // Ages in working time are measured here, by the time of entry; to whole seconds where there are many.
  const age =
    scope.working === undefined ? '({at:Int64} - open_nano) / 1e6' : `${exact ? '' : 'floor'}(open_nano / 1e6)`;
  const rounded = scope.working === undefined && !exact ? binSql(age) : age;
  // The innermost groups are those of the projections. Each open visit is one of them, so bins are added up before they are listed.
  // Numbers make cheaper keys than words.
  const rows = await store.query(
    `SELECT toString(any(kinds)) AS kind_name, toString(any(statuses)) AS status_name, toString(any(previouses)) AS previous_name,
       sum(visits_of_key) AS visits, sum(deviating_of_key) AS deviating_orders, sum(anomalous_of_key) AS clock_anomalies,
       groupArrayIf(duration_key, visits_of_key != 0) AS keys, groupArrayIf(toInt32(visits_of_key), visits_of_key != 0) AS counts
     FROM (
       SELECT cityHash64(kind, status, previous) AS cell, any(kind) AS kinds, any(status) AS statuses, any(previous) AS previouses,
         if(kind IN ('open', 'active'), ${rounded}, ${exact ? 'duration / 1e6' : 'toInt32(duration)'}) AS duration_key,
         sum(n) AS visits_of_key, sumIf(n, deviating = 1) AS deviating_of_key, sum(anomalous) AS anomalous_of_key
       FROM (
         SELECT kind, status, previous, open_nano, deviating, ${ended} AS duration, sum(net) AS n, sum(net * anomalies) AS anomalous
         FROM ${sourceOf(scope)} WHERE ${conditionOf(scope)} GROUP BY kind, status, previous, open_nano, deviating, duration
       ) GROUP BY cell, duration_key
     ) GROUP BY cell`,
    parametersOf(scope),
    cellRow,
  );
  const { working } = scope;
  const now = nanoToMs(scope.at);
  const toMs = exact ? undefined : valueOf;
  return rows.map((row): VisitCell => {
    const { kind_name: of, status_name: status, previous_name: previous, visits: count, keys, counts } = row;
    const isOpen = of === 'open' || of === 'active';
    // Ages in working time come as times of entry.
    const toAge = isOpen && working !== undefined ? (at: number) => working.betweenMs(at, now) : undefined;
    const durations = of === 'final' || of === 'unknown' ? NOTHING : durationsOf(keys, counts, toAge ?? toMs);
    return {
      kind: of,
      status,
      previous,
      count,
      deviating: row.deviating_orders,
      clockAnomalies: row.clock_anomalies,
      durations,
    };
  });
}

const NOTHING: Durations = { values: [], counts: [] };

/** Durations of visits that ended in the window; undefined where the window is everything. */
async function readRecent(
  store: StoreClient,
  scope: CellScope & { readonly since?: UnixNano | undefined },
  exact: boolean,
): Promise<Map<string, Durations> | undefined> {
  if (scope.since === undefined) return undefined;
  const ended = durationSql(scope, exact);
  // One number makes a cheaper key than a word and a number: a bin has 16 bits, and 48 of a hash tell statuses apart.
  const hash = 'cityHash64(v.status)';
  const key = exact ? `${hash}, ${ended}` : `bitOr(bitShiftLeft(${hash}, 16), toUInt16(${ended}))`;
  const rows = await store.query(
    `SELECT toString(any(statuses)) AS status_name, groupArray(${exact ? 'duration / 1e6' : 'toInt32(duration)'}) AS keys,
       groupArray(toInt32(n)) AS counts
     FROM (
       SELECT any(v.status) AS statuses, any(${ended}) AS duration, sum(net) AS n
       FROM ${sourceOf(scope)} AS v
       WHERE kind = 'completed' AND left_nano >= {since:Int64} AND ${conditionOf(scope)} GROUP BY ${key} HAVING n != 0
     ) GROUP BY cityHash64(statuses)`,
    { ...parametersOf(scope), since: String(scope.since) },
    recentRow,
  );
  return new Map(
    rows.map(({ status_name: status, keys, counts }) => [
      status,
      durationsOf(keys, counts, exact ? undefined : valueOf),
    ]),
  );
}

function recentOfAll(cells: readonly VisitCell[]): Map<string, Durations> {
  const completed = Map.groupBy(
    cells.filter((cell) => cell.kind === 'completed'),
    ({ status }) => status,
  );
  return new Map(
    [...completed].map(([status, own]) => [status, mergeDurations(own.map(({ durations }) => durations))]),
  );
}

/** SQL of the visits of a scope: where their rows are, by the columns of `visits`, a condition on them, and the parameters of both. */
export function visitsOf(scope: CellScope): { source: string; condition: string; parameters: Record<string, unknown> } {
  return { source: sourceOf(scope), condition: conditionOf(scope), parameters: parametersOf(scope) };
}

function durationSql({ working }: CellScope, exact: boolean): string {
  if (exact)
    return working === undefined ? "if(kind IN ('completed', 'closed'), left_nano - entered_nano, 0)" : 'working_nano';
  return working === undefined ? 'bin' : 'working_bin';
}

function sourceOf({ past }: CellScope): string {
  return past ? VISITS_AT : 'visits';
}

/** The condition stays out of the way of the table's projections, which do not have the attributes. */
function conditionOf({ attribute }: CellScope): string {
  return attribute === undefined ? 'true' : DESCRIBED;
}

function parametersOf({ at, attribute, past, finals }: CellScope): Record<string, unknown> {
  return {
    at: String(at),
    ...(past ? { finals } : {}),
    ...(attribute === undefined ? {} : { described: `${attribute.name}=${attribute.value}` }),
  };
}

/** Adds up several; equal durations fall together. */
export function mergeDurations(several: readonly Durations[]): Durations {
  const [only] = several;
  if (several.length === 1 && only !== undefined) return only;
  return sorted(
    several.flatMap(({ values }) => values),
    several.flatMap(({ counts }) => counts),
  );
}

/** Durations of keys: milliseconds, or what `toMs` makes milliseconds of; such keys are often equal, so they are counted first. */
function durationsOf(
  keys: readonly number[],
  counts: readonly number[],
  toMs: ((key: number) => number) | undefined,
): Durations {
  if (toMs === undefined) return sorted(keys, counts);
  const counted = new Map<number, number>();
  for (const [index, key] of keys.entries()) counted.set(key, (counted.get(key) ?? 0) + (counts[index] ?? 0));
  return sorted([...counted.keys()].map(toMs), [...counted.values()]);
}

function sorted(values: readonly number[], counts: readonly number[]): Durations {
  const places = Uint32Array.from(values, (_, index) => index).sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0));
  const merged: { values: number[]; counts: number[] } = { values: [], counts: [] };
  for (const place of places) {
    const value = values[place] ?? 0;
    const count = counts[place] ?? 0;
    const last = merged.values.length - 1;
    if (merged.values[last] === value) merged.counts[last] = (merged.counts[last] ?? 0) + count;
    else {
      merged.values.push(value);
      merged.counts.push(count);
    }
  }
  return merged;
}
