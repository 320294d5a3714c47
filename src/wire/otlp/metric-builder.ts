import type { UintColumn } from '../../model/columns.ts';
import type { KeyValueTable } from '../../model/key-value-table.ts';
import { METRIC_TYPE, MetricBatch, NUMBER_KIND, PRESENT } from '../../model/metric-batch.ts';
import { doubleFromBits } from './canonical-text.ts';
import type { DecodeTally, PointRejection } from './decode-tally.ts';
import {
  type DecodeLimits,
  MAX_BUCKETS_PER_POINT,
  MAX_BUCKETS_PER_REQUEST,
  MAX_EXEMPLARS_PER_POINT,
  MAX_EXEMPLARS_PER_REQUEST,
} from './limits.ts';
import { isId, isStorableTime, OriginBuilder, SPAN_ID_BYTES, TRACE_ID_BYTES } from './origin-builder.ts';

const scratch = new DataView(new ArrayBuffer(8));

/** A 64-bit number as two halves; fields of a draft that a decoder sets. */
export interface Halves {
  low: number;
  high: number;
}

/** Takes the halves of a double's bits. */
export function setDouble(target: Halves, value: number): void {
  scratch.setFloat64(0, value, true);
  target.low = scratch.getUint32(0, true);
  target.high = scratch.getUint32(4, true);
}

/** A signed 64-bit integer as the nearest double. */
function int64ToDouble({ low, high }: Halves): number {
  return (high | 0) * 0x1_0000_0000 + low;
}

const zero = (): Halves => ({ low: 0, high: 0 });

function clear(...all: Halves[]): void {
  for (const halves of all) {
    halves.low = 0;
    halves.high = 0;
  }
}

function push(column: UintColumn, { low, high }: Halves): void {
  column.push(low);
  column.push(high);
}

/**
 * Fills a MetricBatch point by point for both encodings: a decoder sets the fields of the metric, then those of each draft in any
 * order, and commits it.
 *
 * Attributes, buckets, quantiles and exemplars go straight to their columns and are taken back if the point is rejected.
 */
export class MetricBuilder extends OriginBuilder {
  override readonly batch: MetricBatch;
  readonly tally: DecodeTally;
  readonly #limits: DecodeLimits;

  /** The metric being read. */
  metricNameId = 0;
  metricDescriptionId = 0;
  metricUnitId = 0;
  metricType: number = METRIC_TYPE.gauge;
  temporality = 0;
  isMonotonic = false;
  #metricIndex = -1;

  /** The point being read. */
  readonly start = zero();
  readonly time = zero();
  flags = 0;
  numberKind: number = NUMBER_KIND.none;
  /** Bits of the number as it was sent: of a double, or of an int by `numberKind`. */
  readonly number = zero();
  readonly count = zero();
  readonly sum = zero();
  readonly min = zero();
  readonly max = zero();
  present = 0;
  /** Signed 32-bit. */
  scale = 0;
  readonly zeroCount = zero();
  readonly zeroThreshold = zero();
  positiveOffset = 0;
  negativeOffset = 0;
  /** Buckets, bounds and quantiles so far. */
  #addedToPoint = 0;
  #addedToRequest = 0;
  #isOverfull = false;

  /** The exemplar being read; ids are ranges of `ids`. */
  ids: Uint8Array;
  readonly exemplarTime = zero();
  exemplarKind: number = NUMBER_KIND.none;
  readonly exemplarNumber = zero();
  exemplarTraceIdAt = 0;
  exemplarTraceIdLength = 0;
  exemplarSpanIdAt = 0;
  exemplarSpanIdLength = 0;

  // Lengths of the columns when the point (exemplar) began.
  #attributesFrom = 0;
  #boundsFrom = 0;
  #bucketCountsFrom = 0;
  #positiveFrom = 0;
  #negativeFrom = 0;
  #quantilesFrom = 0;
  #exemplarsFrom = 0;
  #exemplarAttributesFrom = 0;
  #exemplarAttributesOfPointFrom = 0;

  constructor(table: KeyValueTable, ids: Uint8Array, limits: DecodeLimits, tally: DecodeTally) {
    const batch = new MetricBatch(table);
    super(batch, limits, tally);
    this.batch = batch;
    this.ids = ids;
    this.tally = tally;
    this.#limits = limits;
  }

  beginMetric(): void {
    this.metricNameId = 0;
    this.metricDescriptionId = 0;
    this.metricUnitId = 0;
    this.metricType = METRIC_TYPE.gauge;
    this.temporality = 0;
    this.isMonotonic = false;
    this.#metricIndex = -1;
  }

  /** Starts a draft; false when the request already has its maximum of points and this one is not to be read. */
  beginPoint(): boolean {
    const { batch } = this;
    if (batch.length >= this.#limits.maxDataPoints) {
      this.tally.rejectedPoints.too_many_data_points += 1;
      return false;
    }
    clear(this.start, this.time, this.number, this.count, this.sum, this.min, this.max);
    clear(this.zeroCount, this.zeroThreshold);
    this.flags = 0;
    this.numberKind = NUMBER_KIND.none;
    this.present = 0;
    this.scale = 0;
    this.positiveOffset = 0;
    this.negativeOffset = 0;
    this.#addedToPoint = 0;
    this.#isOverfull = false;
    this.#attributesFrom = batch.attributes.length;
    this.#boundsFrom = batch.bounds.length;
    this.#bucketCountsFrom = batch.bucketCounts.length;
    this.#positiveFrom = batch.positive.counts.length;
    this.#negativeFrom = batch.negative.counts.length;
    this.#quantilesFrom = batch.quantiles.length;
    this.#exemplarsFrom = batch.exemplarTraceIds.length / TRACE_ID_BYTES;
    this.#exemplarAttributesOfPointFrom = batch.exemplarAttributes.length;
    return true;
  }

  takesAttribute(): boolean {
    return this.takes(this.batch.attributes, this.#attributesFrom);
  }

  takesExemplarAttribute(): boolean {
    return this.takes(this.batch.exemplarAttributes, this.#exemplarAttributesFrom);
  }

  /** Adds a bound or a bucket's count to its column; one too many makes the point be rejected, and is not kept. */
  add(column: UintColumn, low: number, high: number): void {
    if (!this.#hasRoom()) return;
    column.push(low);
    column.push(high);
  }

  addQuantile(quantile: Halves, value: Halves): void {
    if (!this.#hasRoom()) return;
    push(this.batch.quantiles, quantile);
    push(this.batch.quantileValues, value);
  }

  #hasRoom(): boolean {
    if (this.#addedToPoint >= MAX_BUCKETS_PER_POINT || this.#addedToRequest >= MAX_BUCKETS_PER_REQUEST) {
      this.#isOverfull = true;
      return false;
    }
    this.#addedToPoint += 1;
    this.#addedToRequest += 1;
    return true;
  }

  /** Starts an exemplar; false when it is not to be read. */
  beginExemplar(): boolean {
    const { batch } = this;
    const count = batch.exemplarTraceIds.length / TRACE_ID_BYTES;
    if (count - this.#exemplarsFrom >= MAX_EXEMPLARS_PER_POINT || count >= MAX_EXEMPLARS_PER_REQUEST) {
      this.tally.droppedExemplars += 1;
      return false;
    }
    clear(this.exemplarTime, this.exemplarNumber);
    this.exemplarKind = NUMBER_KIND.none;
    this.exemplarTraceIdLength = 0;
    this.exemplarSpanIdLength = 0;
    this.#exemplarAttributesFrom = batch.exemplarAttributes.length;
    return true;
  }

  commitExemplar(): void {
    const { batch, ids } = this;
    if (!isStorableTime(this.exemplarTime.low, this.exemplarTime.high)) {
      batch.exemplarAttributes.truncate(this.#exemplarAttributesFrom);
      this.tally.droppedExemplars += 1;
      return;
    }
    const hasTrace = isId(ids, this.exemplarTraceIdAt, this.exemplarTraceIdLength, TRACE_ID_BYTES);
    const hasSpan = hasTrace && isId(ids, this.exemplarSpanIdAt, this.exemplarSpanIdLength, SPAN_ID_BYTES);
    if ((!hasTrace && this.exemplarTraceIdLength !== 0) || (!hasSpan && this.exemplarSpanIdLength !== 0)) {
      this.tally.invalidIds += 1;
    }
    if (this.exemplarKind === NUMBER_KIND.int) setDouble(this.exemplarNumber, int64ToDouble(this.exemplarNumber));
    push(batch.exemplarTimes, this.exemplarTime);
    push(batch.exemplarValues, this.exemplarNumber);
    if (hasTrace)
      batch.exemplarTraceIds.pushBytes(ids, this.exemplarTraceIdAt, this.exemplarTraceIdAt + TRACE_ID_BYTES);
    else batch.exemplarTraceIds.pushZeros(TRACE_ID_BYTES);
    if (hasSpan) batch.exemplarSpanIds.pushBytes(ids, this.exemplarSpanIdAt, this.exemplarSpanIdAt + SPAN_ID_BYTES);
    else batch.exemplarSpanIds.pushZeros(SPAN_ID_BYTES);
    batch.exemplarAttributeEnds.push(batch.exemplarAttributes.length);
  }

  /** Puts the draft into the batch, or takes back what it left in the columns and counts why. */
  commitPoint(): void {
    const rejection = this.#rejection();
    if (rejection === undefined) this.#push();
    else {
      this.tally.rejectedPoints[rejection] += 1;
      this.#takeBack();
    }
  }

  #rejection(): PointRejection | undefined {
    if (this.metricNameId === 0) return 'unnamed_metric';
    if (!isStorableTime(this.start.low, this.start.high) || !isStorableTime(this.time.low, this.time.high)) {
      return 'time_out_of_range';
    }
    if (this.#isOverfull) return 'too_many_buckets';
    return this.metricType === METRIC_TYPE.histogram && !this.#hasBuckets() ? 'invalid_buckets' : undefined;
  }

  /** The proto comments on HistogramDataPoint: no buckets at all, or one count more than bounds, which rise strictly. */
  #hasBuckets(): boolean {
    const { bounds, bucketCounts } = this.batch;
    const counts = (bucketCounts.length - this.#bucketCountsFrom) / 2;
    const limits = (bounds.length - this.#boundsFrom) / 2;
    if (counts === 0) return limits === 0;
    if (counts !== limits + 1) return false;
    let last = Number.NEGATIVE_INFINITY;
    for (let at = this.#boundsFrom; at < bounds.length; at += 2) {
      const bound = doubleFromBits(bounds.at(at), bounds.at(at + 1));
      if (!(bound > last)) return false;
      last = bound;
    }
    return true;
  }

  #push(): void {
    const { batch } = this;
    this.enterOrigin();
    this.#enterMetric();
    batch.metricIndexes.push(this.#metricIndex);
    batch.resourceIndexes.push(this.resourceIndex);
    batch.scopeIndexes.push(this.scopeIndex);
    push(batch.starts, this.start);
    push(batch.times, this.time);
    batch.flags.push(this.flags);
    batch.attributeEnds.push(batch.attributes.length);
    this.#pushNumber();
    push(batch.counts, this.count);
    push(batch.sums, this.sum);
    push(batch.mins, this.min);
    push(batch.maxes, this.max);
    // The sum of a summary has no presence on the wire: absent means 0.
    batch.present.pushByte(this.metricType === METRIC_TYPE.summary ? PRESENT.sum : this.present);
    batch.boundEnds.push(batch.bounds.length / 2);
    batch.bucketCountEnds.push(batch.bucketCounts.length / 2);
    batch.scales.push(this.scale);
    push(batch.zeroCounts, this.zeroCount);
    push(batch.zeroThresholds, this.zeroThreshold);
    batch.positive.offsets.push(this.positiveOffset);
    batch.positive.ends.push(batch.positive.counts.length / 2);
    batch.negative.offsets.push(this.negativeOffset);
    batch.negative.ends.push(batch.negative.counts.length / 2);
    batch.quantileEnds.push(batch.quantiles.length / 2);
    batch.exemplarEnds.push(batch.exemplarTraceIds.length / TRACE_ID_BYTES);
    this.tally.dataPoints += 1;
  }

  #pushNumber(): void {
    const { batch } = this;
    const isInt = this.numberKind === NUMBER_KIND.int;
    batch.numberKinds.pushByte(this.numberKind);
    batch.intValues.push(isInt ? this.number.low : 0);
    batch.intValues.push(isInt ? this.number.high : 0);
    if (isInt) setDouble(this.number, int64ToDouble(this.number));
    push(batch.values, this.number);
  }

  #enterMetric(): void {
    if (this.#metricIndex >= 0) return;
    this.#metricIndex =
      this.batch.metrics.push({
        nameId: this.metricNameId,
        descriptionId: this.metricDescriptionId,
        unitId: this.metricUnitId,
        type: this.metricType,
        temporality: this.temporality,
        isMonotonic: this.isMonotonic,
      }) - 1;
  }

  #takeBack(): void {
    const { batch } = this;
    this.#addedToRequest -= this.#addedToPoint;
    batch.attributes.truncate(this.#attributesFrom);
    batch.bounds.truncate(this.#boundsFrom);
    batch.bucketCounts.truncate(this.#bucketCountsFrom);
    batch.positive.counts.truncate(this.#positiveFrom);
    batch.negative.counts.truncate(this.#negativeFrom);
    batch.quantiles.truncate(this.#quantilesFrom);
    batch.quantileValues.truncate(this.#quantilesFrom);
    batch.exemplarTimes.truncate(this.#exemplarsFrom * 2);
    batch.exemplarValues.truncate(this.#exemplarsFrom * 2);
    batch.exemplarTraceIds.truncate(this.#exemplarsFrom * TRACE_ID_BYTES);
    batch.exemplarSpanIds.truncate(this.#exemplarsFrom * SPAN_ID_BYTES);
    batch.exemplarAttributeEnds.truncate(this.#exemplarsFrom);
    batch.exemplarAttributes.truncate(this.#exemplarAttributesOfPointFrom);
  }
}
