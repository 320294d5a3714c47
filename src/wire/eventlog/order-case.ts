import { WaybillError } from '../../model/errors.ts';
import type { Alias, Evidence, Visit } from '../../model/order.ts';
import { formatRfc3339 } from '../../model/units.ts';
import type { Attribute, EventLogCase } from './event.ts';

/** A trace or a message that belongs to an order, as far as an export says something about it. */
export interface ExportedObject {
  /** Trace id (32 lower-case hex digits) or message id. */
  readonly id: string;
  /** Names MUST be unique. */
  readonly attributes: readonly Attribute[];
}

/** A visit as exports take it: where it stands in its region follows from the lifecycle again. */
export interface ExportedVisit extends Omit<Visit, 'region' | 'from' | 'evidence'> {
  readonly evidence: readonly ExportedEvidence[];
}

/** Evidence without its place among others of the same time, which a log tells by the order of its events. */
export type ExportedEvidence = Omit<Evidence, 'sequence'>;

/** One order as exports take it. */
export interface ExportedOrder {
  readonly orderId: string;
  readonly aliases: readonly Alias[];
  /** Further facts about the order (channel, product …); names MUST be unique. */
  readonly attributes: readonly Attribute[];
  readonly visits: readonly ExportedVisit[];
  readonly traces: readonly ExportedObject[];
  readonly messages: readonly ExportedObject[];
}

/** Attributes that every exported event has, where they are known; columns of the CSV export. */
export const ORDER_EVENT_ATTRIBUTES = ['system', 'left_at', 'trace_id', 'span_id', 'evidence'] as const;

/** Attributes that every exported case has, where they are known; columns of the CSV export, with prefix `case:`. */
export const ORDER_CASE_ATTRIBUTES = ['aliases', 'trace_ids', 'message_ids'] as const;

/**
 * The order as a case: an event per visit, at its entry, reported by the source of the earliest evidence.
 *
 * What has several values stands as JSON in one attribute: `evidence` of the event; `aliases`, `trace_ids` and
 * `message_ids` of the case. Throws `invalid_argument` when an attribute of the order bears one of those names.
 */
export function orderCase(order: ExportedOrder): EventLogCase {
  const attributes: Attribute[] = [];
  const list = (name: string, values: readonly unknown[]): void => {
    if (values.length > 0) attributes.push([name, 'string', JSON.stringify(values)]);
  };
  list('aliases', order.aliases);
  list(
    'trace_ids',
    order.traces.map(({ id }) => id),
  );
  list(
    'message_ids',
    order.messages.map(({ id }) => id),
  );
  for (const attribute of order.attributes) {
    if ((ORDER_CASE_ATTRIBUTES as readonly string[]).includes(attribute[0])) {
      throw new WaybillError('invalid_argument', 'an attribute of an order has the name of one that the export makes');
    }
    attributes.push(attribute);
  }
  return { caseId: order.orderId, attributes, events: order.visits.map(visitEvent) };
}

/** `orderCase` over a stream. */
export async function* orderCases(orders: AsyncIterable<ExportedOrder>): AsyncGenerator<EventLogCase> {
  for await (const order of orders) yield orderCase(order);
}

/** The event of a visit. */
export function visitEvent(visit: ExportedVisit): EventLogCase['events'][number] {
  const [first] = visit.evidence;
  const attributes: Attribute[] = [];
  if (visit.system !== null) attributes.push(['system', 'string', visit.system]);
  if (visit.leftAt !== null) attributes.push(['left_at', 'date', formatRfc3339(visit.leftAt)]);
  const traced = visit.evidence.find(({ traceId }) => traceId !== null);
  if (traced?.traceId) attributes.push(['trace_id', 'string', traced.traceId]);
  if (traced?.spanId) attributes.push(['span_id', 'string', traced.spanId]);
  if (visit.evidence.length > 0) {
    attributes.push(['evidence', 'string', JSON.stringify(visit.evidence.map(evidenceJson))]);
  }
  return { activity: visit.status, occurredAt: visit.enteredAt, source: first?.source ?? null, id: null, attributes };
}

/** Evidence with times as RFC 3339. */
export function evidenceJson(evidence: ExportedEvidence): Record<string, string | null> {
  return {
    kind: evidence.evidenceKind,
    id: evidence.evidenceId,
    source: evidence.source,
    occurredAt: formatRfc3339(evidence.occurredAt),
    observedAt: formatRfc3339(evidence.observedAt),
    traceId: evidence.traceId,
    spanId: evidence.spanId,
  };
}
