import { z } from 'zod';
import { NO_TRACE } from '../../model/no-id.ts';
import { MIN_UNIX_NANO, type UnixNano } from '../../model/units.ts';
import type { StoreClient } from '../../store/client.ts';
import { toDateTime64 } from '../../store/time.ts';
import { TRACES } from '../../store/trace-set.ts';
import { hexOf } from '../time-sql.ts';
import type { Condition, IndexCondition } from './trace-filter.ts';

/** Where a trace, or a row of the index, stands in the list: newest first, then by the greatest trace id. */
export interface TracePlace {
  /** Start of the earliest span. */
  readonly start: UnixNano;
  /** 32 hexadecimal digits. */
  readonly traceId: string;
}

/** A trace that may fit, with what the index knows of all of it. */
export interface Candidate extends TracePlace {
  /** Milliseconds since 1970, as text, between which all its spans were received. */
  readonly received: { readonly from: string; readonly to: string };
  /** Start of its latest span. */
  readonly lastStart: UnixNano;
  /** Whether one of its spans was seen to fit the whole filter: it need not be looked at for that. */
  readonly isFit: boolean;
}

/** Some candidates, and how far back the index was searched for them. */
export interface Batch {
  readonly candidates: readonly Candidate[];
  /** Every trace that fits and stands here or before is among the candidates of this batch and those before; undefined: all are. */
  readonly frontier: TracePlace | undefined;
}

/**
 * How the index is asked. Compiled expressions have other names, by which the engine does not find the skip indexes any more: from the third
 * question on it would read everything. Caching conditions is of no use, since times and ids differ each time.
 */
const SETTINGS = 'compile_expressions = 0';

/** Whether `a` stands before `b` in the list. */
export function isBefore(a: TracePlace, b: TracePlace): boolean {
  return a.start === b.start ? a.traceId > b.traceId : a.start > b.start;
}

const nano = z.string().transform((text): UnixNano => BigInt(text));
const candidateRow = z.object({
  trace: z.string(),
  first: nano,
  last: nano,
  received_from: z.string(),
  received_to: z.string(),
  fitting: z.array(nano),
});

/** Rows behind a place; a start alone lets the sorting key skip what is newer. */
const BEHIND = `start <= {behind:DateTime64(9, 'UTC')}
  AND (start, trace_id) < ({behind:DateTime64(9, 'UTC')}, toFixedString(unhex({behindTrace:String}), 16))`;
const NOT_BEHIND = `start >= {behind:DateTime64(9, 'UTC')}
  AND (start, trace_id) >= ({behind:DateTime64(9, 'UTC')}, toFixedString(unhex({behindTrace:String}), 16))`;

function behindParameters(place: TracePlace): Record<string, unknown> {
  return { behind: toDateTime64(place.start), behindTrace: place.traceId };
}

/** Whole candidates by a set of traces; `fitting`: starts of their rows that fit a condition. */
function readCandidates(store: StoreClient, set: string, fits: Condition, parameters: Record<string, unknown> = {}) {
  // The Bloom filter by_trace finds the rows of each trace, whenever they came. One thread: there is little to read for each.
  return store.query(
    `SELECT ${hexOf('trace_id')} AS trace, toString(min(toUnixTimestamp64Nano(start))) AS first,
       toString(max(toUnixTimestamp64Nano(start) + spread)) AS last,
       toString(toUnixTimestamp64Milli(min(observed_from))) AS received_from,
       toString(toUnixTimestamp64Milli(max(observed_at))) AS received_to,
       groupArrayIf(toString(toUnixTimestamp64Nano(start)), ${fits.sql}) AS fitting
     FROM trace_index WHERE trace_id IN (${set}) GROUP BY trace_id SETTINGS max_threads = 1, ${SETTINGS}`,
    { ...fits.parameters, ...parameters },
    candidateRow,
  );
}

function toCandidate(row: z.output<typeof candidateRow>, isFit: boolean): Candidate {
  const received = { from: row.received_from, to: row.received_to };
  return { traceId: row.trace, start: row.first, lastStart: row.last, received, isFit };
}

/** The candidates of the `count` newest rows of the index that fit, behind a place. */
export async function newestByIndex(
  store: StoreClient,
  { fits, behind, count }: { fits: IndexCondition; behind: TracePlace | undefined; count: number },
): Promise<Batch> {
  const where = `${fits.sql} AND ${fits.hint} ${behind === undefined ? '' : `AND ${BEHIND}`}`;
  const rows = await readCandidates(
    store,
    `SELECT trace_id FROM trace_index WHERE ${where} ORDER BY start DESC, trace_id DESC LIMIT {count:UInt32}`,
    fits,
    { count, ...(behind === undefined ? {} : behindParameters(behind)) },
  );
  // The rows that were counted are the newest ones of their traces' fitting rows: the last of them is how far the search went.
  const places = rows
    .flatMap(({ trace, fitting }) => fitting.map((start): TracePlace => ({ start, traceId: trace })))
    .filter((place) => behind === undefined || isBefore(behind, place))
    .sort((a, b) => (isBefore(a, b) ? -1 : 1));
  return { candidates: rows.map((row) => toCandidate(row, false)), frontier: places[count - 1] };
}

/**
 * Candidates that began behind a place and have a fitting row before it: they were under way there, so that the search from there on would
 * not see what of them fits.
 *
 * @param most more are left out, and `isCut` says so
 */
export async function underWayAt(
  store: StoreClient,
  { fits, place, most }: { fits: IndexCondition; place: TracePlace; most: number },
): Promise<{ candidates: Candidate[]; isCut: boolean }> {
  const rows = await readCandidates(
    store,
    `SELECT DISTINCT trace_id FROM trace_index
     WHERE ${BEHIND} AND trace_id IN (SELECT trace_id FROM trace_index WHERE ${fits.sql} AND ${fits.hint} AND ${NOT_BEHIND})
     LIMIT {limit:UInt32}`,
    fits,
    { ...behindParameters(place), limit: most + 1 },
  );
  return { candidates: rows.slice(0, most).map((row) => toCandidate(row, false)), isCut: rows.length > most };
}

const estimateRow = z.object({ marks: z.coerce.number() });
const sliceRow = z.object({
  rows: z.coerce.number(),
  last: nano,
  trace: z.string(),
  received_from: z.string(),
  received_to: z.string(),
});
const spanRow = z.object({ trace: z.string(), first: nano });

/** Some rows of the index, newest first, and when their spans were received. */
export interface Slice extends TracePlace {
  /** Whether there are older rows. */
  readonly isLast: boolean;
  readonly received: Candidate['received'];
}

/** The `count` newest rows of the index behind a place, in slices of `step` rows, the newest first; none where there are no rows. */
export async function slicesOfIndex(
  store: StoreClient,
  asked: { inWindow: Condition; behind: TracePlace | undefined; count: number; step: number },
): Promise<Slice[]> {
  const { inWindow, behind, count, step } = asked;
  const where = behind === undefined ? inWindow.sql : `${inWindow.sql} AND ${BEHIND}`;
  const slices = await store.query(
    `SELECT intDiv(number, {step:UInt32}) AS slice, count() AS rows,
       toString(toUnixTimestamp64Nano(min(start))) AS last, ${hexOf('argMin(trace_id, (start, trace_id))')} AS trace,
       toString(toUnixTimestamp64Milli(min(observed_from))) AS received_from, toString(toUnixTimestamp64Milli(max(observed_at))) AS received_to
     FROM (SELECT start, trace_id, observed_from, observed_at, rowNumberInAllBlocks() AS number FROM (
       SELECT start, trace_id, observed_from, observed_at FROM trace_index WHERE ${where}
       ORDER BY start DESC, trace_id DESC LIMIT {count:UInt32}))
     GROUP BY slice ORDER BY slice SETTINGS ${SETTINGS}`,
    { ...inWindow.parameters, count, step, ...(behind === undefined ? {} : behindParameters(behind)) },
    sliceRow,
  );
  const isAll = slices.reduce((sum, { rows }) => sum + rows, 0) < count;
  return slices.map(({ last, trace, received_from: from, received_to: to }, index) => {
    return { start: last, traceId: trace, isLast: isAll && index === slices.length - 1, received: { from, to } };
  });
}

/** Neighbouring slices as one, up to the last of them; undefined where there are none. */
export function joinedSlices(slices: readonly Slice[]): Slice | undefined {
  const last = slices.at(-1);
  return last === undefined ? undefined : { ...last, received: receivedOf(slices) };
}

/** The least span of time in which everything was received that was received within others. */
export function receivedOf(parts: readonly Pick<Candidate, 'received'>[]): Candidate['received'] {
  const numbers = parts.flatMap(({ received }) => [Number(received.from), Number(received.to)]);
  return { from: String(Math.min(...numbers)), to: String(Math.max(...numbers)) };
}

/** The rest of the index behind a place; whenever spans came, it was by our clock. */
export const WHOLE: Slice = {
  start: MIN_UNIX_NANO,
  traceId: NO_TRACE,
  isLast: true,
  received: { from: '0', to: '9000000000000' },
};

const RECEIVED = `observed_at BETWEEN fromUnixTimestamp64Milli({receivedFrom:Int64}, 'UTC') AND fromUnixTimestamp64Milli({receivedTo:Int64}, 'UTC')`;

/** Granules of spans that a search would read, and how many there are of its time. */
export interface Granules {
  readonly fitting: number;
  readonly all: number;
}

/** Granules of the spans of a slice. */
export async function granulesOf(store: StoreClient, spans: Condition, { received }: Slice): Promise<Granules> {
  const count = async ({ sql, parameters }: Condition): Promise<number> => {
    const rows = await store.query(
      `EXPLAIN ESTIMATE SELECT trace_id FROM spans WHERE ${RECEIVED} AND ${sql}`,
      { ...parameters, receivedFrom: received.from, receivedTo: received.to },
      estimateRow,
    );
    return rows.reduce((sum, { marks }) => sum + marks, 0);
  };
  const [fitting, all] = await Promise.all([count(spans), count({ sql: 'true', parameters: {} })]);
  return { fitting, all };
}

/**
 * The candidates of a slice, found by their spans: for conditions that the index does not know.
 *
 * @param most more are left to the next batch
 * @param known traces that need not be found again
 */
export async function candidatesBySpans(
  store: StoreClient,
  asked: {
    readonly slice: Slice;
    readonly spans: Condition;
    readonly behind: TracePlace | undefined;
    readonly most: number;
    readonly known: readonly string[];
  },
): Promise<Batch> {
  const { slice, spans, behind, most, known } = asked;
  const found = await store.query(
    `SELECT ${hexOf('trace_id')} AS trace, toString(min(toUnixTimestamp64Nano(start))) AS first
     FROM spans WHERE ${RECEIVED} AND ${spans.sql} ${known.length === 0 ? '' : `AND trace_id NOT IN ${TRACES}`}
     GROUP BY trace_id ORDER BY min(start) DESC, trace_id DESC LIMIT {most:UInt32} SETTINGS ${SETTINGS}`,
    {
      ...spans.parameters,
      receivedFrom: slice.received.from,
      receivedTo: slice.received.to,
      most,
      ...(known.length === 0 ? {} : { traces: known }),
    },
    spanRow,
  );
  const end = slice.isLast ? undefined : { start: slice.start, traceId: slice.traceId };
  const traces = found.map(({ trace }) => trace);
  const rows =
    traces.length === 0 ? [] : await readCandidates(store, TRACES, { sql: 'false', parameters: {} }, { traces });
  const candidates = rows.map((row) => toCandidate(row, true));
  const last = found.length < most ? undefined : found.at(-1);
  if (last === undefined) return { candidates, frontier: end };
  // Not all were taken: what is left begins no later than the last one's fitting span.
  const cut = { start: last.first, traceId: last.trace };
  const frontier = end === undefined || isBefore(cut, end) ? cut : end;
  // A search never goes back to where it was.
  const isBack = behind !== undefined && isBefore(frontier, behind);
  return { candidates, frontier: isBack ? behind : frontier };
}
