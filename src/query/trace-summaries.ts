import { z } from 'zod';
import type { StoreClient } from '../store/client.ts';
import { TRACES } from '../store/trace-set.ts';
import { hexOf, nanoField, nanos } from './time-sql.ts';
import { doublesOf } from './without-doubles.ts';

const row = z.object({
  trace: z.string(),
  root_service: z.string(),
  root_name: z.string(),
  started: nanoField,
  duration: z.string(),
  spans: z.number(),
  errors: z.number(),
  services: z.array(z.string()),
});

/** A trace in one line. */
export interface TraceSummary {
  readonly traceId: string;
  readonly rootService: string;
  readonly rootName: string;
  /** RFC 3339. */
  readonly startedAt: string;
  readonly durationMs: number;
  readonly spanCount: number;
  readonly errorCount: number;
  readonly services: string[];
}

/**
 * Sums up traces from their spans, each span counted once however often it was sent.
 *
 * The root is the span without a parent; where none has arrived (yet), the earliest span.
 */
export async function summarizeTraces(store: StoreClient, traces: readonly string[]): Promise<TraceSummary[]> {
  if (traces.length === 0) return [];
  const rows = await store.query(
    `SELECT ${hexOf('trace_id')} AS trace,
       argMin(service, (parent_span_id != unhex('0000000000000000'), start, span_id)) AS root_service,
       argMin(name, (parent_span_id != unhex('0000000000000000'), start, span_id)) AS root_name,
       ${nanos('min(start)')} AS started,
       toString(max(toUnixTimestamp64Nano(start) + greatest(duration_nano, 0)) - min(toUnixTimestamp64Nano(start))) AS duration,
       toUInt32(count()) AS spans,
       toUInt32(countIf(status_code = 2)) AS errors,
       arraySort(groupUniqArray(service)) AS services
     FROM (
       SELECT trace_id, span_id, parent_span_id, kind, start, duration_nano, name, service, status_code
       FROM spans WHERE trace_id IN ${TRACES} AND concat(trace_id, span_id) NOT IN (SELECT unhex(arrayJoin({doubles:Array(String)})))
       LIMIT 1 BY trace_id, span_id, kind
     )
     GROUP BY trace_id`,
    { traces, doubles: await doublesOf(store, traces) },
    row,
  );
  return rows.map((found) => ({
    traceId: found.trace,
    rootService: found.root_service,
    rootName: found.root_name,
    startedAt: found.started,
    durationMs: Number(found.duration) / 1e6,
    spanCount: found.spans,
    errorCount: found.errors,
    services: found.services,
  }));
}
