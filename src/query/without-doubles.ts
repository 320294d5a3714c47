import { z } from 'zod';
import { NO_SPAN } from '../model/no-id.ts';
import {
  type CandidateSpan,
  hideDoubles,
  KIND_CONSUMER,
  KIND_PRODUCER,
  SYNTHETIC_SCOPE,
} from '../model/synthetic-span.ts';
import type { StoreClient } from '../store/client.ts';
import { TRACES } from '../store/trace-set.ts';
import { hexOf } from './time-sql.ts';

/** Producer and consumer spans that are compared in one question. */
const MAX_CANDIDATES = 100_000;

/** The columns of a span that tell whether it is a double. */
interface SpanColumns {
  readonly span: string;
  readonly parent: string;
  readonly kind: number;
  readonly name: string;
  readonly scope_name: string;
  readonly attribute_values: readonly string[];
  readonly link_spans: readonly string[];
}

const candidateRow = z.object({
  trace: z.string(),
  span: z.string(),
  parent: z.string(),
  kind: z.number(),
  name: z.string(),
  scope_name: z.string(),
  attribute_values: z.array(z.string()),
  link_spans: z.array(z.string()),
});

/**
 * The spans of one trace without those that Waybill made of messages and that clients reported themselves. Children of a hidden span move to
 * its parent; the order that only the hidden one names goes to the client's span.
 */
export function withoutDoubles<Row extends SpanColumns & { readonly order_id: string; readonly alias: string }>(
  rows: readonly Row[],
): Row[] {
  const hidden = hideDoubles(rows.map(toCandidate));
  if (hidden.size === 0) return [...rows];
  const named = new Map<string, Row>();
  for (const row of rows) {
    const double = hidden.get(row.span);
    if (double !== undefined && (row.order_id !== '' || row.alias !== '')) named.set(double.of, row);
  }
  const shown: Row[] = [];
  for (const row of rows) {
    if (hidden.has(row.span) && row.scope_name === SYNTHETIC_SCOPE) continue;
    const double = named.get(row.span);
    const naming = row.order_id === '' && row.alias === '' && double !== undefined ? double : row;
    const parent = hidden.get(row.parent);
    shown.push({
      ...row,
      parent: parent === undefined ? row.parent : (parent.parentSpanId ?? NO_SPAN),
      order_id: naming.order_id,
      alias: naming.alias,
    });
  }
  return shown;
}

/** Trace and span ids, 48 hex digits each, of the spans that are doubles in their traces. */
export async function doublesOf(store: StoreClient, traces: readonly string[]): Promise<string[]> {
  if (traces.length === 0) return [];
  const rows = await store.query(
    `SELECT ${hexOf('trace_id')} AS trace, ${hexOf('span_id')} AS span, ${hexOf('parent_span_id')} AS parent, kind, name, scope_name,
       attribute_values, arrayMap(id -> ${hexOf('id')}, link_span_ids) AS link_spans
     FROM spans
     WHERE kind IN (${KIND_PRODUCER}, ${KIND_CONSUMER})
       AND trace_id IN (SELECT trace_id FROM spans WHERE trace_id IN ${TRACES} AND scope_name = {scope:String})
     ORDER BY trace_id, start, span_id, kind LIMIT 1 BY trace_id, span_id, kind LIMIT ${MAX_CANDIDATES}`,
    { traces, scope: SYNTHETIC_SCOPE },
    candidateRow,
  );
  const byTrace = Map.groupBy(rows, (row) => row.trace);
  return [...byTrace].flatMap(([trace, own]) =>
    [...hideDoubles(own.map(toCandidate)).keys()].map((span) => trace + span),
  );
}

function toCandidate(row: SpanColumns): CandidateSpan {
  return {
    spanId: row.span,
    parentSpanId: row.parent === NO_SPAN ? null : row.parent,
    kind: row.kind,
    synthetic: row.scope_name === SYNTHETIC_SCOPE,
    name: row.name,
    values: row.attribute_values,
    links: row.link_spans,
  };
}
