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

  /**
   * Appends the spans of another batch, whose table MUST be the same one; resources and scopes that this batch has already are shared.
   *
   * The other batch MUST NOT be used afterwards.
   */
  append(other: SpanBatch): void {
    if (other.table !== this.table) throw new RangeError('only batches of one table can be joined');
    const resources = placesIn(this.resources, other.resources, isSameResource);
    const scopes = placesIn(this.scopes, other.scopes, isSameScope);
    for (const index of other.resourceIndexes.values) this.resourceIndexes.push(resources[index] ?? 0);
    for (const index of other.scopeIndexes.values) this.scopeIndexes.push(scopes[index] ?? 0);

    // Ends are offsets into columns that still have their old length.
    this.attributeEnds.append(other.attributeEnds, this.attributes.length);
    this.eventAttributeEnds.append(other.eventAttributeEnds, this.eventAttributes.length);
    this.eventEnds.append(other.eventEnds, this.eventNameIds.length);
    this.linkAttributeEnds.append(other.linkAttributeEnds, this.linkAttributes.length);
    this.linkEnds.append(other.linkEnds, this.linkTraceStateIds.length);

    for (const column of BYTE_COLUMNS) this[column].append(other[column]);
    for (const column of NUMBER_COLUMNS) this[column].append(other[column]);
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

/** Columns whose values mean the same in any batch of the table. */
const BYTE_COLUMNS = [
  'traceIds',
  'spanIds',
  'parentSpanIds',
  'kinds',
  'statusCodes',
  'linkTraceIds',
  'linkSpanIds',
] as const;
const NUMBER_COLUMNS = [
  'starts',
  'durations',
  'statusMessageIds',
  'nameIds',
  'traceStateIds',
  'flags',
  'droppedAttributes',
  'droppedEvents',
  'droppedLinks',
  'attributes',
  'eventTimes',
  'eventNameIds',
  'eventAttributes',
  'linkTraceStateIds',
  'linkAttributes',
] as const;

/** Where each of `added` stands in `all`, into which those that are new are put. */
function placesIn<T>(all: T[], added: readonly T[], isSame: (a: T, b: T) => boolean): number[] {
  return added.map((item) => {
    const known = all.findIndex((other) => isSame(item, other));
    return known < 0 ? all.push(item) - 1 : known;
  });
}

function isSameResource(a: Resource, b: Resource): boolean {
  return a.serviceId === b.serviceId && a.schemaUrlId === b.schemaUrlId && a.attributes.equals(b.attributes);
}

function isSameScope(a: Scope, b: Scope): boolean {
  return a.nameId === b.nameId && a.versionId === b.versionId && a.attributes.equals(b.attributes);
}

function halvesToBigInt(column: UintColumn, index: number): bigint {
  return (BigInt(column.at(index * 2 + 1)) << 32n) | BigInt(column.at(index * 2));
}
