import type { UintColumn } from '../../../model/columns.ts';
import { VALUE_TYPES } from '../../../model/key-value-table.ts';
import { SpanBatch } from '../../../model/span-batch.ts';

/** A key-value as `key`, type name and canonical text. */
export type PlainAttribute = readonly [key: string, type: string, value: string];

/** A span of a batch with everything that its row leads to; for comparing in tests. */
export interface PlainSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly traceState: string;
  readonly name: string;
  readonly kind: number;
  readonly start: bigint;
  readonly duration: bigint;
  readonly statusCode: number;
  readonly statusMessage: string;
  readonly flags: number;
  readonly dropped: readonly [attributes: number, events: number, links: number];
  readonly attributes: readonly PlainAttribute[];
  readonly events: readonly { time: bigint; name: string; attributes: readonly PlainAttribute[] }[];
  readonly links: readonly {
    traceId: string;
    spanId: string;
    traceState: string;
    attributes: readonly PlainAttribute[];
  }[];
  readonly resource: { service: string; schemaUrl: string; attributes: readonly PlainAttribute[] };
  readonly scope: { name: string; version: string; attributes: readonly PlainAttribute[] };
}

/** Turns a batch into plain objects. */
export function plainSpans(batch: SpanBatch): PlainSpan[] {
  const text = (id: number): string => batch.table.strings.text(id);
  const entry = (id: number): PlainAttribute => [
    batch.table.key(id),
    VALUE_TYPES[batch.table.typeOf(id)] ?? 'none',
    batch.table.value(id),
  ];
  const entries = (column: UintColumn, ends: UintColumn, index: number): PlainAttribute[] =>
    indexes(ends, index).map((at) => entry(column.at(at)));
  const all = (column: UintColumn): PlainAttribute[] => [...column.values].map(entry);

  const span = (row: number): PlainSpan => {
    const resource = batch.resources[batch.resourceIndexes.at(row)];
    const scope = batch.scopes[batch.scopeIndexes.at(row)];
    if (resource === undefined || scope === undefined) throw new Error(`row ${row} has no resource or scope`);
    return {
      traceId: hex(batch.traceIds.bytes, 16, row),
      spanId: hex(batch.spanIds.bytes, 8, row),
      parentSpanId: hex(batch.parentSpanIds.bytes, 8, row),
      traceState: text(batch.traceStateIds.at(row)),
      name: text(batch.nameIds.at(row)),
      kind: batch.kinds.bytes[row] ?? -1,
      start: batch.startAt(row),
      duration: BigInt.asIntN(
        64,
        (BigInt(batch.durations.at(row * 2 + 1)) << 32n) | BigInt(batch.durations.at(row * 2)),
      ),
      statusCode: batch.statusCodes.bytes[row] ?? -1,
      statusMessage: text(batch.statusMessageIds.at(row)),
      flags: batch.flags.at(row),
      dropped: [batch.droppedAttributes.at(row), batch.droppedEvents.at(row), batch.droppedLinks.at(row)],
      attributes: entries(batch.attributes, batch.attributeEnds, row),
      events: indexes(batch.eventEnds, row).map((at) => ({
        time: batch.eventAt(at),
        name: text(batch.eventNameIds.at(at)),
        attributes: entries(batch.eventAttributes, batch.eventAttributeEnds, at),
      })),
      links: indexes(batch.linkEnds, row).map((at) => ({
        traceId: hex(batch.linkTraceIds.bytes, 16, at),
        spanId: hex(batch.linkSpanIds.bytes, 8, at),
        traceState: text(batch.linkTraceStateIds.at(at)),
        attributes: entries(batch.linkAttributes, batch.linkAttributeEnds, at),
      })),
      resource: {
        service: text(resource.serviceId),
        schemaUrl: text(resource.schemaUrlId),
        attributes: all(resource.attributes),
      },
      scope: { name: text(scope.nameId), version: text(scope.versionId), attributes: all(scope.attributes) },
    };
  };
  return Array.from({ length: batch.length }, (_, row) => span(row));
}

/** Row `index` of a column of ids. */
export function hex(bytes: Uint8Array, width: number, index: number): string {
  return Buffer.from(bytes.subarray(index * width, (index + 1) * width)).toString('hex');
}

/** Indexes of the elements of list `index`. */
export function indexes(ends: UintColumn, index: number): number[] {
  const start = SpanBatch.startOf(ends, index);
  return Array.from({ length: ends.at(index) - start }, (_, offset) => start + offset);
}
