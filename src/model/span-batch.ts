import { ByteColumn, UintColumn } from './columns.ts';
import { KeyValueTable } from './key-value-table.ts';

/** The sender of spans: its resource attributes, shared by all its spans of a request. */
export interface Resource {
  /** String id of `service.name`; 0 (empty) when the sender did not say. */
  readonly serviceId: number;
  /** Key-value ids, in the sender's order. Stages may replace ids. */
  readonly attributes: UintColumn;
  readonly schemaUrlId: number;
}

/** The instrumentation scope of spans. */
export interface Scope {
  readonly nameId: number;
  readonly versionId: number;
  readonly attributes: UintColumn;
}

/**
 * Spans of one request in columns; row i of every column is span i.
 *
 * Strings are ids into `table.strings`, attributes are ids into `table`; a list per row is given by its end offset
 * (`attributeEnds[i]`; it starts where row i-1 ends). 64-bit numbers are two 32-bit halves, low first, so that their bytes are
 * already little-endian. Ids are the raw 16 and 8 bytes.
 */
export class SpanBatch {
  readonly table: KeyValueTable;
  readonly resources: Resource[] = [];
  readonly scopes: Scope[] = [];

  readonly traceIds = new ByteColumn();
  readonly spanIds = new ByteColumn();
  /** 8 zero bytes where there is no parent. */
  readonly parentSpanIds = new ByteColumn();
  /** Start, UnixNano, low and high half. */
  readonly starts = new UintColumn();
  /** End minus start as a signed 64-bit number, low and high half; negative where the sender's end lies before its start. */
  readonly durations = new UintColumn();
  /** OTLP SpanKind, 0 … 5. */
  readonly kinds = new ByteColumn();
  /** OTLP StatusCode: 0 unset, 1 ok, 2 error. */
  readonly statusCodes = new ByteColumn();
  readonly statusMessageIds = new UintColumn();
  readonly nameIds = new UintColumn();
  readonly traceStateIds = new UintColumn();
  readonly flags = new UintColumn();
  readonly resourceIndexes = new UintColumn();
  readonly scopeIndexes = new UintColumn();
  readonly droppedAttributes = new UintColumn();
  readonly droppedEvents = new UintColumn();
  readonly droppedLinks = new UintColumn();

  readonly attributes = new UintColumn();
  readonly attributeEnds = new UintColumn();

  /** One entry per event of any span; `eventEnds[i]` ends the events of span i. */
  readonly eventTimes = new UintColumn();
  readonly eventNameIds = new UintColumn();
  readonly eventAttributes = new UintColumn();
  readonly eventAttributeEnds = new UintColumn();
  readonly eventEnds = new UintColumn();

  /** One entry per link of any span; `linkEnds[i]` ends the links of span i. */
  readonly linkTraceIds = new ByteColumn();
  readonly linkSpanIds = new ByteColumn();
  readonly linkTraceStateIds = new UintColumn();
  readonly linkAttributes = new UintColumn();
  readonly linkAttributeEnds = new UintColumn();
  readonly linkEnds = new UintColumn();

  constructor(table: KeyValueTable = new KeyValueTable()) {
    this.table = table;
  }

  /** Makes room for about `spans` spans: growing step by step takes twice the memory and leaves it to the collector. */
  reserve(spans: number): void {
    this.traceIds.reserve(spans * 16);
    for (const ids of [this.spanIds, this.parentSpanIds]) ids.reserve(spans * 8);
    for (const halves of [this.starts, this.durations]) halves.reserve(spans * 2);
    for (const bytes of [this.kinds, this.statusCodes]) bytes.reserve(spans);
    const { statusMessageIds, nameIds, traceStateIds, flags, resourceIndexes, scopeIndexes } = this;
    const { droppedAttributes, droppedEvents, droppedLinks, attributeEnds, eventEnds, linkEnds } = this;
    for (const numbers of [statusMessageIds, nameIds, traceStateIds, flags, resourceIndexes, scopeIndexes]) {
      numbers.reserve(spans);
    }
    for (const numbers of [droppedAttributes, droppedEvents, droppedLinks, attributeEnds, eventEnds, linkEnds]) {
      numbers.reserve(spans);
    }
    this.attributes.reserve(spans * 8);
  }

  /** Number of spans. */
  get length(): number {
    return this.nameIds.length;
  }

  /** Offset of the first element of list `index` in a column of end offsets. */
  static startOf(ends: UintColumn, index: number): number {
    return index === 0 ? 0 : ends.at(index - 1);
  }

  /** Start of span `index`; makes a BigInt, so not for every span on the ingest path. */
  startAt(index: number): bigint {
    return halvesToBigInt(this.starts, index);
  }

  /** Time of event `index` (over all spans); makes a BigInt. */
  eventAt(index: number): bigint {
    return halvesToBigInt(this.eventTimes, index);
  }
}

function halvesToBigInt(column: UintColumn, index: number): bigint {
  return (BigInt(column.at(index * 2 + 1)) << 32n) | BigInt(column.at(index * 2));
}
