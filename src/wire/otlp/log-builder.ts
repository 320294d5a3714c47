import type { KeyValueTable } from '../../model/key-value-table.ts';
import { LogBatch } from '../../model/log-batch.ts';
import type { DecodeTally } from './decode-tally.ts';
import type { DecodeLimits } from './limits.ts';
import { isId, isStorableTime, OriginBuilder, SPAN_ID_BYTES, TRACE_ID_BYTES } from './origin-builder.ts';

const MAX_UINT32 = 0xffffffff;

/** Fills a LogBatch record by record for both encodings: a decoder sets the draft's fields in any order and commits it. */
export class LogBuilder extends OriginBuilder {
  override readonly batch: LogBatch;
  readonly tally: DecodeTally;
  readonly #limits: DecodeLimits;
  /** Key-value id of an empty value under an empty key. */
  readonly #noBody: number;

  /** The record being read; ids are ranges of `ids`. */
  ids: Uint8Array;
  timeLow = 0;
  timeHigh = 0;
  observedLow = 0;
  observedHigh = 0;
  severityNumber = 0;
  severityTextId = 0;
  body = 0;
  eventNameId = 0;
  traceIdAt = 0;
  traceIdLength = 0;
  spanIdAt = 0;
  spanIdLength = 0;
  flags = 0;
  droppedAttributes = 0;
  #cutAttributes = 0;
  #attributesFrom = 0;

  constructor(table: KeyValueTable, ids: Uint8Array, limits: DecodeLimits, tally: DecodeTally) {
    const batch = new LogBatch(table);
    super(batch, limits, tally);
    this.batch = batch;
    this.ids = ids;
    this.tally = tally;
    this.#limits = limits;
    this.#noBody = table.intern(0, 0, 0);
  }

  /** Starts a draft; false when the request already has its maximum of records and this one is not to be read. */
  beginRecord(): boolean {
    const { batch } = this;
    if (batch.length >= this.#limits.maxLogRecords) {
      this.tally.rejectedLogs.too_many_log_records += 1;
      return false;
    }
    this.timeLow = 0;
    this.timeHigh = 0;
    this.observedLow = 0;
    this.observedHigh = 0;
    this.severityNumber = 0;
    this.severityTextId = 0;
    this.body = this.#noBody;
    this.eventNameId = 0;
    this.traceIdLength = 0;
    this.spanIdLength = 0;
    this.flags = 0;
    this.droppedAttributes = 0;
    this.#cutAttributes = 0;
    this.#attributesFrom = batch.attributes.length;
    return true;
  }

  takesAttribute(): boolean {
    if (this.takes(this.batch.attributes, this.#attributesFrom)) return true;
    this.#cutAttributes += 1;
    return false;
  }

  /** Puts the draft into the batch, or takes back what it left in the columns and counts why. */
  commitRecord(): void {
    const { batch } = this;
    if (!isStorableTime(this.timeLow, this.timeHigh) || !isStorableTime(this.observedLow, this.observedHigh)) {
      this.tally.rejectedLogs.time_out_of_range += 1;
      batch.attributes.truncate(this.#attributesFrom);
      return;
    }
    this.enterOrigin();
    batch.times.push(this.timeLow);
    batch.times.push(this.timeHigh);
    batch.observedTimes.push(this.observedLow);
    batch.observedTimes.push(this.observedHigh);
    batch.severityNumbers.pushByte(this.severityNumber);
    batch.severityTextIds.push(this.severityTextId);
    batch.bodies.push(this.body);
    batch.eventNameIds.push(this.eventNameId);
    this.#pushIds();
    batch.flags.push(this.flags);
    batch.resourceIndexes.push(this.resourceIndex);
    batch.scopeIndexes.push(this.scopeIndex);
    batch.droppedAttributes.push(Math.min(MAX_UINT32, this.droppedAttributes + this.#cutAttributes));
    batch.attributeEnds.push(batch.attributes.length);
    this.tally.logRecords += 1;
  }

  /** The proto comments on LogRecord: with an invalid trace id it belongs to no trace, with an invalid span id to no span. */
  #pushIds(): void {
    const { batch, ids } = this;
    const hasTrace = isId(ids, this.traceIdAt, this.traceIdLength, TRACE_ID_BYTES);
    const hasSpan = hasTrace && isId(ids, this.spanIdAt, this.spanIdLength, SPAN_ID_BYTES);
    if ((!hasTrace && this.traceIdLength !== 0) || (!hasSpan && this.spanIdLength !== 0)) this.tally.invalidIds += 1;
    if (hasTrace) batch.traceIds.pushBytes(ids, this.traceIdAt, this.traceIdAt + TRACE_ID_BYTES);
    else batch.traceIds.pushZeros(TRACE_ID_BYTES);
    if (hasSpan) batch.spanIds.pushBytes(ids, this.spanIdAt, this.spanIdAt + SPAN_ID_BYTES);
    else batch.spanIds.pushZeros(SPAN_ID_BYTES);
  }
}
