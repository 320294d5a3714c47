import type { StoreClient } from '../store/client.ts';
import { RunIds } from './ids.ts';
import { FATE, type LoadResult } from './load.ts';
import { PLAN_SPANS, planSpans } from './plan.ts';
import { traceOf } from './request-body.ts';

/** Spans by what became of them: offered = acknowledged + rejectedRetryable + rejectedForGood + failed + unsent. */
export interface Ledger {
  readonly offered: number;
  readonly acknowledged: number;
  readonly rejectedRetryable: number;
  readonly rejectedForGood: number;
  /** No answer: whether they were taken is not known. */
  readonly failed: number;
  /** Due, but never sent, because every connection was still waiting. */
  readonly unsent: number;
}

/** What the store holds of a run. */
export interface StoredSpans {
  /** Distinct spans of the run. */
  readonly stored: number;
  /** Rows beyond one for a span, of all spans; every span was sent once. */
  readonly duplicates: number;
  /** Spans that were acknowledged and are not there: loss. */
  readonly missing: number;
  /** Where the missing ones are, to find out how they were lost; undefined where none is missing. */
  readonly lost: LostSpans | undefined;
  /** Spans that are there though they were not acknowledged: allowed where there was no answer. */
  readonly unacknowledged: number;
  /** Rows whose trace is not the one that was sent with the span. */
  readonly wrong: number;
}

/** Missing spans by what they may have been lost with: a request, a trace, a question of the reading back. */
export interface LostSpans {
  readonly requests: number;
  /** Requests of which every span is missing. */
  readonly wholeRequests: number;
  readonly traces: number;
  /** Parts of the reading in which spans are missing, and in which nothing else was found: an empty answer, not a loss. */
  readonly parts: number;
  readonly emptyParts: number;
  readonly firstRequest: number;
  readonly lastRequest: number;
}

/** Counts the spans of requests by what became of them. */
export function ledgerOf(results: readonly Pick<LoadResult, 'fates' | 'rejectedInPart'>[], batch: number): Ledger {
  const requests = new Map<number, number>();
  for (const { fates } of results) for (const fate of fates) requests.set(fate, (requests.get(fate) ?? 0) + 1);
  const spans = (fate: number): number => (requests.get(fate) ?? 0) * batch;
  const inPart = results.reduce((sum, { rejectedInPart }) => sum + rejectedInPart, 0);
  return {
    offered: [...requests.values()].reduce((sum, count) => sum + count, 0) * batch,
    acknowledged: spans(FATE.acknowledged) + spans(FATE.partly) - inPart,
    rejectedRetryable: spans(FATE.retryable),
    rejectedForGood: spans(FATE.refused) + inPart,
    failed: spans(FATE.failed),
    unsent: spans(FATE.unsent),
  };
}

/** Gives the number of the trace that a span belongs to; that is the same for every size of span. */
function traceNumbers(): (span: number) => number {
  const plan = planSpans(0);
  return (span) => {
    const planned = plan[span % PLAN_SPANS];
    if (planned === undefined) throw new RangeError('the plan is shorter than it says');
    return traceOf(span, planned);
  };
}

/** Rows are read in this many parts, by the first byte of the trace id. */
const PARTS = 64;

/**
 * Reads every row of table `spans` and holds it against what was acknowledged.
 *
 * @param results all stretches of the run, with the batch size and seed that they were sent with
 * @param sinceMs rows that were observed earlier are left out; they are of other runs
 */
export async function readBack(
  store: StoreClient,
  results: readonly LoadResult[],
  { batch, seed, sinceMs = 0 }: { batch: number; seed: number; sinceMs?: number },
): Promise<StoredSpans> {
  const ids = new RunIds(seed);
  const requests = results.reduce((most, { firstRequest, fates }) => Math.max(most, firstRequest + fates.length), 0);
  const found = new Uint8Array(requests * batch);
  const trace = traceNumbers();
  let wrong = 0;
  for (let part = 0; part < PARTS; part += 1) {
    const rows = await store.query<{ trace: string; span: string }>(
      `SELECT lower(hex(trace_id)) AS trace, lower(hex(span_id)) AS span FROM spans
       WHERE intDiv(reinterpretAsUInt8(substring(trace_id, 1, 1)), {width:UInt8}) = {part:UInt8}
         AND observed_at >= fromUnixTimestamp64Milli({since:Int64})`,
      { width: 256 / PARTS, part, since: sinceMs },
    );
    for (const { trace: traceText, span: text } of rows) {
      const span = ids.spanOf(text);
      if (span === undefined || span >= found.length) continue;
      found[span] = Math.min(255, (found[span] ?? 0) + 1);
      if (ids.traceText(trace(span)) !== traceText) wrong += 1;
    }
  }
  const { absent, ...counts } = compare(found, results, batch);
  const partOf = (span: number): number =>
    Math.floor(Number.parseInt(ids.traceText(trace(span)).slice(0, 2), 16) / (256 / PARTS));
  const lost = absent.length === 0 ? undefined : lostSpans(absent, { found, batch, partOf, traceOf: trace });
  return { ...counts, lost, wrong };
}

function lostSpans(
  absent: readonly number[],
  run: {
    readonly found: Uint8Array;
    readonly batch: number;
    readonly partOf: (span: number) => number;
    readonly traceOf: (span: number) => number;
  },
): LostSpans {
  const { found, batch, partOf, traceOf: trace } = run;
  const byRequest = Map.groupBy(absent, (span) => Math.floor(span / batch));
  const parts = new Set(absent.map(partOf));
  const seen = new Set<number>();
  for (const [span, rows] of found.entries()) if (rows > 0) seen.add(partOf(span));
  const requests = [...byRequest.keys()];
  return {
    requests: requests.length,
    wholeRequests: [...byRequest.values()].filter((spans) => spans.length === batch).length,
    traces: new Set(absent.map(trace)).size,
    parts: parts.size,
    emptyParts: [...parts].filter((part) => !seen.has(part)).length,
    firstRequest: Math.min(...requests),
    lastRequest: Math.max(...requests),
  };
}

function compare(
  found: Uint8Array,
  results: readonly LoadResult[],
  batch: number,
): Omit<StoredSpans, 'wrong' | 'lost'> & { readonly absent: readonly number[] } {
  const counts = { stored: 0, duplicates: 0, missing: 0, unacknowledged: 0 };
  const absent: number[] = [];
  for (const { firstRequest, fates } of results) {
    for (const [index, fate] of fates.entries()) {
      const first = (firstRequest + index) * batch;
      for (let span = first; span < first + batch; span += 1) {
        const rows = found[span] ?? 0;
        if (rows > 0) counts.stored += 1;
        if (rows > 1) counts.duplicates += rows - 1;
        if (rows === 0 && fate === FATE.acknowledged) {
          counts.missing += 1;
          absent.push(span);
        }
        if (rows > 0 && fate !== FATE.acknowledged && fate !== FATE.partly) counts.unacknowledged += 1;
      }
    }
  }
  return { ...counts, absent };
}
