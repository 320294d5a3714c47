import { ByteColumn, UintColumn } from './columns.ts';
import { KeyValueTable } from './key-value-table.ts';
import type { Resource, Scope } from './span-batch.ts';

/**
 * Log records of one request in columns; row i of every column is record i.
 *
 * Strings, attributes, lists and 64-bit numbers are held as in SpanBatch. A body is any value: it is interned as a key-value with an
 * empty key, so that it has a type and a canonical text, and stages decide about it as they do about attributes.
 */
export class LogBatch {
  readonly table: KeyValueTable;
  readonly resources: Resource[] = [];
  readonly scopes: Scope[] = [];

  /** When it happened, UnixNano, low and high half; zero where the sender did not say. */
  readonly times = new UintColumn();
  /** When the sender's collector saw it, UnixNano; zero where it did not say. */
  readonly observedTimes = new UintColumn();
  /** OTLP SeverityNumber, 0 (unspecified) … 24. */
  readonly severityNumbers = new ByteColumn();
  readonly severityTextIds = new UintColumn();
  /** Key-value ids with an empty key. Stages may replace ids. */
  readonly bodies = new UintColumn();
  readonly eventNameIds = new UintColumn();
  /** 16 zero bytes where the record belongs to no trace. */
  readonly traceIds = new ByteColumn();
  /** 8 zero bytes where the record belongs to no span. */
  readonly spanIds = new ByteColumn();
  readonly flags = new UintColumn();
  readonly resourceIndexes = new UintColumn();
  readonly scopeIndexes = new UintColumn();
  readonly droppedAttributes = new UintColumn();
  readonly attributes = new UintColumn();
  readonly attributeEnds = new UintColumn();

  constructor(table: KeyValueTable = new KeyValueTable()) {
    this.table = table;
  }

  /** Number of log records. */
  get length(): number {
    return this.bodies.length;
  }
}
