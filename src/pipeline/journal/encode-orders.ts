import { aliasText } from '../../model/alias-text.ts';
import { NO_SPAN, NO_TRACE } from '../../model/no-id.ts';
import type { OrderAttribute, OrderReference, StatusFact } from '../../model/order.ts';
import type { UnixNano } from '../../model/units.ts';
import type { NativeColumn } from '../../wire/native/column.ts';
import type { AliasBinding, InFlight, OrderTrace } from '../in-flight.ts';
import { encodeRows } from './encode-rows.ts';
import { type TableBlock, TOUCHES } from './record.ts';

/** How a reference stands in the store: canonical id, alias text, both empty where only the trace tells. */
function idOf(reference: OrderReference): string {
  return reference.kind === 'order' ? reference.orderId : '';
}

function aliasOf(reference: OrderReference): string {
  return reference.kind === 'alias' ? aliasText(reference.alias) : '';
}

/** The number of the segment is not known before the group commit: a last column of zeros, which is stamped when the segment is read. */
function unstamped(rows: { zeros(name: string, type: string, width: number): NativeColumn }): NativeColumn {
  return rows.zeros('segment', 'UInt64', 8);
}

/** Rows of table `order_traces`; undefined when there are none. */
export function encodeOrderTraces(orderTraces: readonly OrderTrace[], observedAt: UnixNano): TableBlock | undefined {
  return encodeRows('order_traces', orderTraces, (rows) => [
    rows.text('order_id', ({ orderId }) => orderId),
    rows.text('alias', ({ alias }) => (alias === undefined ? '' : aliasText(alias))),
    rows.hex('trace_id', 16, ({ traceId }) => Buffer.from(traceId).toString('hex')),
    rows.constantMilliTime('observed_at', observedAt),
  ]);
}

/** Rows of table `order_aliases`; undefined when there are none. */
export function encodeAliasBindings(bindings: readonly AliasBinding[]): TableBlock | undefined {
  return encodeRows('order_aliases', bindings, (rows) => [
    rows.text('order_id', ({ orderId }) => orderId),
    rows.text('alias', ({ alias }) => aliasText(alias)),
    rows.nanoTime('bound_at', ({ boundAt }) => boundAt),
  ]);
}

/** Rows of table `status_facts`; undefined when there are none. */
export function encodeFacts(facts: readonly StatusFact[]): TableBlock | undefined {
  return encodeRows('status_facts', facts, (rows) => [
    rows.text('order_id', ({ order }) => idOf(order)),
    rows.text('alias', ({ order }) => aliasOf(order)),
    rows.hex('trace_id', 16, ({ traceId }) => traceId ?? NO_TRACE),
    rows.hex('span_id', 8, ({ spanId }) => spanId ?? NO_SPAN),
    rows.word('status', ({ status }) => status),
    rows.nanoTime('occurred_at', ({ occurredAt }) => occurredAt),
    rows.nanoTime('observed_at', ({ observedAt }) => observedAt),
    rows.word('source', ({ source }) => source),
    rows.word('evidence_kind', ({ evidenceKind }) => evidenceKind),
    rows.text('evidence_id', ({ evidenceId }) => evidenceId),
    rows.uint32('sequence', ({ sequence }) => sequence),
    rows.word('source_version', ({ sourceVersion }) => sourceVersion ?? ''),
    unstamped(rows),
  ]);
}

/** Rows of table `order_attributes`; undefined when there are none. */
export function encodeOrderAttributes(attributes: readonly OrderAttribute[]): TableBlock | undefined {
  return encodeRows('order_attributes', attributes, (rows) => [
    rows.text('order_id', ({ order }) => idOf(order)),
    rows.text('alias', ({ order }) => aliasOf(order)),
    rows.word('name', ({ name }) => name),
    rows.text('value', ({ value }) => value),
    rows.nanoTime('occurred_at', ({ occurredAt }) => occurredAt),
    unstamped(rows),
  ]);
}

/** Rows of table `touches`: what the batch says something about, each once. */
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
  for (const { order, traceId } of [...batch.attributes, ...batch.facts]) {
    touch(idOf(order), aliasOf(order), traceId ?? NO_TRACE);
  }
  return encodeRows(TOUCHES, [...touches.values()], (rows) => [
    rows.text('order_id', ({ orderId }) => orderId),
    rows.text('alias', ({ alias }) => alias),
    rows.hex('trace_id', 16, ({ traceId }) => traceId),
    rows.constantMilliTime('observed_at', batch.observedAt),
    unstamped(rows),
  ]);
}
