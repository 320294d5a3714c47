import type { OrderAttribute, OrderReference, StatusFact } from '../../model/order.ts';
import { StringTable } from '../../model/string-table.ts';
import type { UnixNano } from '../../model/units.ts';
import { encodeBlock } from '../../wire/native/encode.ts';
import { aliasText } from '../bind/binder.ts';
import type { AliasBinding, InFlight, OrderTrace } from '../in-flight.ts';
import { constantMilliTime, fixed, lowCardinalityTexts, nanoTimes, texts, uint32 } from './native-columns.ts';
import { STAMPED_TABLE, type TableBlock } from './record.ts';

const NO_TRACE = '0'.repeat(32);
const NO_SPAN = '0'.repeat(16);

/** How a reference stands in the store: canonical id, alias text, both empty where only the trace tells. */
function referenceColumns(reference: OrderReference): { orderId: string; alias: string } {
  return {
    orderId: reference.kind === 'order' ? reference.orderId : '',
    alias: reference.kind === 'alias' ? aliasText(reference.alias) : '',
  };
}

/** Rows of table `order_traces`; undefined when there are none. */
export function encodeOrderTraces(orderTraces: readonly OrderTrace[], observedAt: UnixNano): TableBlock | undefined {
  const rows = orderTraces.length;
  if (rows === 0) return undefined;
  const strings = new StringTable();
  const columns = [
    texts(
      'order_id',
      orderTraces.map(({ orderId }) => orderId),
      strings,
    ),
    texts(
      'alias',
      orderTraces.map(({ alias }) => (alias === undefined ? '' : aliasText(alias))),
      strings,
    ),
    fixed('trace_id', 'FixedString(16)', Buffer.concat(orderTraces.map(({ traceId }) => traceId))),
    constantMilliTime('observed_at', observedAt, rows),
  ];
  return { table: 'order_traces', rows, block: encodeBlock(columns, rows) };
}

/** Rows of table `order_aliases`; undefined when there are none. */
export function encodeAliasBindings(bindings: readonly AliasBinding[]): TableBlock | undefined {
  const rows = bindings.length;
  if (rows === 0) return undefined;
  const strings = new StringTable();
  const columns = [
    texts(
      'order_id',
      bindings.map(({ orderId }) => orderId),
      strings,
    ),
    texts(
      'alias',
      bindings.map(({ alias }) => aliasText(alias)),
      strings,
    ),
    nanoTimes(
      'bound_at',
      bindings.map(({ boundAt }) => boundAt),
    ),
  ];
  return { table: 'order_aliases', rows, block: encodeBlock(columns, rows) };
}

/** Rows of table `status_facts`; undefined when there are none. */
export function encodeFacts(facts: readonly StatusFact[]): TableBlock | undefined {
  const rows = facts.length;
  if (rows === 0) return undefined;
  const strings = new StringTable();
  const references = facts.map(({ order }) => referenceColumns(order));
  const columns = [
    texts(
      'order_id',
      references.map(({ orderId }) => orderId),
      strings,
    ),
    texts(
      'alias',
      references.map(({ alias }) => alias),
      strings,
    ),
    fixed('trace_id', 'FixedString(16)', Buffer.from(facts.map(({ traceId }) => traceId ?? NO_TRACE).join(''), 'hex')),
    fixed('span_id', 'FixedString(8)', Buffer.from(facts.map(({ spanId }) => spanId ?? NO_SPAN).join(''), 'hex')),
    lowCardinalityTexts(
      'status',
      facts.map(({ status }) => status),
      strings,
    ),
    nanoTimes(
      'occurred_at',
      facts.map(({ occurredAt }) => occurredAt),
    ),
    nanoTimes(
      'observed_at',
      facts.map(({ observedAt }) => observedAt),
    ),
    lowCardinalityTexts(
      'source',
      facts.map(({ source }) => source),
      strings,
    ),
    lowCardinalityTexts(
      'evidence_kind',
      facts.map(({ evidenceKind }) => evidenceKind),
      strings,
    ),
    texts(
      'evidence_id',
      facts.map(({ evidenceId }) => evidenceId),
      strings,
    ),
    uint32(
      'sequence',
      Uint32Array.from(facts, ({ sequence }) => sequence),
    ),
  ];
  return { table: 'status_facts', rows, block: encodeBlock(columns, rows) };
}

/** Rows of table `order_attributes`; undefined when there are none. */
export function encodeOrderAttributes(attributes: readonly OrderAttribute[]): TableBlock | undefined {
  const rows = attributes.length;
  if (rows === 0) return undefined;
  const strings = new StringTable();
  const references = attributes.map(({ order }) => referenceColumns(order));
  const columns = [
    texts(
      'order_id',
      references.map(({ orderId }) => orderId),
      strings,
    ),
    texts(
      'alias',
      references.map(({ alias }) => alias),
      strings,
    ),
    lowCardinalityTexts(
      'name',
      attributes.map(({ name }) => name),
      strings,
    ),
    texts(
      'value',
      attributes.map(({ value }) => value),
      strings,
    ),
    nanoTimes(
      'occurred_at',
      attributes.map(({ occurredAt }) => occurredAt),
    ),
  ];
  return { table: 'order_attributes', rows, block: encodeBlock(columns, rows) };
}

/**
 * Rows of table `touches`: what the batch says something about, each once.
 *
 * The number of the segment is not known before the group commit; its column stands last, as zeros, and is stamped by
 * `stampSegment` when the segment is read.
 */
export function encodeTouches(batch: InFlight): TableBlock | undefined {
  const touches = new Map<string, { orderId: string; alias: string; traceId: string }>();
  const touch = (orderId: string, alias: string, traceId: string): void => {
    touches.set(`${orderId}\n${alias}\n${traceId}`, { orderId, alias, traceId });
  };
  for (const { orderId, alias, traceId } of batch.binding?.orderTraces ?? []) {
    touch(orderId, alias === undefined ? '' : aliasText(alias), Buffer.from(traceId).toString('hex'));
  }
  for (const { orderId, alias } of batch.binding?.aliasBindings ?? []) touch(orderId, aliasText(alias), NO_TRACE);
  for (const traceId of batch.binding?.failedTraces ?? []) touch('', '', traceId);
  for (const attribute of batch.attributes) {
    const { orderId, alias } = referenceColumns(attribute.order);
    touch(orderId, alias, attribute.traceId ?? NO_TRACE);
  }
  for (const fact of batch.facts) {
    const { orderId, alias } = referenceColumns(fact.order);
    touch(orderId, alias, fact.traceId ?? NO_TRACE);
  }
  if (touches.size === 0) return undefined;
  const rows = [...touches.values()];
  const strings = new StringTable();
  const columns = [
    texts(
      'order_id',
      rows.map(({ orderId }) => orderId),
      strings,
    ),
    texts(
      'alias',
      rows.map(({ alias }) => alias),
      strings,
    ),
    fixed('trace_id', 'FixedString(16)', Buffer.from(rows.map(({ traceId }) => traceId).join(''), 'hex')),
    constantMilliTime('observed_at', batch.observedAt, rows.length),
    fixed('segment', 'UInt64', new Uint8Array(rows.length * 8)),
  ];
  return { table: STAMPED_TABLE, rows: rows.length, block: encodeBlock(columns, rows.length) };
}
