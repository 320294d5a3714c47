import { z } from 'zod';
import { SYNTHETIC_SCOPE } from '../model/synthetic-span.ts';
import type { StoreClient } from '../store/client.ts';
import { QUICK } from '../store/quick-settings.ts';
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
  made: z.number(),
  fits: z.number(),
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

/** What narrows the spans that are read, and what is asked of them besides. */
export interface SummaryOptions {
  /** Milliseconds since 1970 between which every span of the traces was received, as text: whole parts of the table need not be read. */
  readonly received?: { readonly from: string; readonly to: string };
  /** A condition on rows of `spans`: of the traces where none fits there is no summary. */
  readonly having?: { readonly sql: string; readonly parameters: Readonly<Record<string, unknown>> };
}

/**
 * Sums up traces from their spans, each span counted once however often it was sent.
 *
 * The root is the span without a parent; where none has arrived (yet), the earliest span.
 */
export async function summarizeTraces(
  store: StoreClient,
  traces: readonly string[],
  options: SummaryOptions = {},
): Promise<TraceSummary[]> {
  if (traces.length === 0) return [];
  const found = await readSummaries(store, { traces, doubles: [], ...options });
  const fitting = options.having === undefined ? found : found.filter(({ fits }) => fits > 0);
  // Few traces have spans that Waybill made, and only those can have doubles.
  const doubles = await doublesOf(
    store,
    fitting.filter(({ made }) => made > 0).map(({ trace }) => trace),
  );
  const again = [...new Set(doubles.map((double) => double.slice(0, 32)))];
  const { received } = options;
  const without = await readSummaries(store, {
    traces: again,
    doubles,
    ...(received === undefined ? {} : { received }),
  });
  const changed = new Map(without.map((summary) => [summary.trace, summary]));
  return fitting.map((summary) => toSummary(changed.get(summary.trace) ?? summary));
}

type Row = z.output<typeof row>;

async function readSummaries(
  store: StoreClient,
  { traces, doubles, received, having }: SummaryOptions & { traces: readonly string[]; doubles: readonly string[] },
): Promise<Row[]> {
  if (traces.length === 0) return [];
  const conditions = [`trace_id IN ${TRACES}`];
  if (doubles.length > 0) {
    conditions.push('concat(trace_id, span_id) NOT IN (SELECT unhex(arrayJoin({doubles:Array(String)})))');
  }
  if (received !== undefined) {
    conditions.push(`observed_at BETWEEN fromUnixTimestamp64Milli({receivedFrom:Int64}, 'UTC')
      AND fromUnixTimestamp64Milli({receivedTo:Int64}, 'UTC')`);
  }
  return store.query(
    `SELECT ${hexOf('trace_id')} AS trace,
       argMin(service, (parent_span_id != unhex('0000000000000000'), start, span_id)) AS root_service,
       argMin(name, (parent_span_id != unhex('0000000000000000'), start, span_id)) AS root_name,
       ${nanos('min(start)')} AS started,
       toString(max(toUnixTimestamp64Nano(start) + greatest(duration_nano, 0)) - min(toUnixTimestamp64Nano(start))) AS duration,
       toUInt32(count()) AS spans,
       toUInt32(countIf(status_code = 2)) AS errors,
       arraySort(groupUniqArray(service)) AS services,
       toUInt32(countIf(is_made)) AS made,
       toUInt32(countIf(is_fit)) AS fits
     FROM (
       SELECT trace_id, span_id, parent_span_id, kind, start, duration_nano, name, service, status_code,
         scope_name = {scope:String} AS is_made, ${having?.sql ?? 'true'} AS is_fit
       FROM spans WHERE ${conditions.join(' AND ')}
       LIMIT 1 BY trace_id, span_id, kind
     )
     GROUP BY trace_id
     SETTINGS ${QUICK}`,
    {
      traces,
      scope: SYNTHETIC_SCOPE,
      ...having?.parameters,
      ...(doubles.length === 0 ? {} : { doubles }),
      ...(received === undefined ? {} : { receivedFrom: received.from, receivedTo: received.to }),
    },
    row,
  );
}

function toSummary(found: Row): TraceSummary {
  return {
    traceId: found.trace,
    rootService: found.root_service,
    rootName: found.root_name,
    startedAt: found.started,
    durationMs: Number(found.duration) / 1e6,
    spanCount: found.spans,
    errorCount: found.errors,
    services: found.services,
  };
}
