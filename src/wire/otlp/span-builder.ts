import type { KeyValueTable } from '../../model/key-value-table.ts';
import { SpanBatch } from '../../model/span-batch.ts';
import type { DecodeTally, SpanRejection } from './decode-tally.ts';
import type { DecodeLimits } from './limits.ts';
import { isId, isStorableTime, OriginBuilder, SPAN_ID_BYTES, TRACE_ID_BYTES } from './origin-builder.ts';

const MAX_UINT32 = 0xffffffff;

/**
 * Fills a SpanBatch span by span for both encodings: a decoder sets the draft's fields in any order and commits it.
 *
 * Attributes, events and links of a draft go straight to their columns and are taken back if the span is rejected.
 */
export class SpanBuilder extends OriginBuilder {
  override readonly batch: SpanBatch;
  readonly tally: DecodeTally;
  readonly #limits: DecodeLimits;

  /** The span being read; ids are ranges of `ids`. */
  ids: Uint8Array;
  traceIdAt = 0;
  traceIdLength = 0;
  spanIdAt = 0;
  spanIdLength = 0;
  parentIdAt = 0;
  parentIdLength = 0;
  startLow = 0;
  startHigh = 0;
  endLow = 0;
  endHigh = 0;
  kind = 0;
  statusCode = 0;
  statusMessageId = 0;
  nameId = 0;
  traceStateId = 0;
  flags = 0;
  droppedAttributes = 0;
  droppedEvents = 0;
  droppedLinks = 0;
  /** Drafts begun, rejected ones included. */
  #seen = 0;
  #cutAttributes = 0;
  #cutEvents = 0;
  #cutLinks = 0;

  /** The event being read. */
  eventLow = 0;
  eventHigh = 0;
  eventNameId = 0;

  /** The link being read; ids are ranges of `ids`. */
  linkTraceIdAt = 0;
  linkTraceIdLength = 0;
  linkSpanIdAt = 0;
  linkSpanIdLength = 0;
  linkTraceStateId = 0;

  // Lengths of the columns when the span (event, link) began.
  #attributesFrom = 0;
  #eventsFrom = 0;
  #eventAttributesFrom = 0;
  #eventAttributesOfSpanFrom = 0;
  #linksFrom = 0;
  #linkAttributesFrom = 0;
  #linkAttributesOfSpanFrom = 0;

  constructor(table: KeyValueTable, ids: Uint8Array, limits: DecodeLimits, tally: DecodeTally) {
    const batch = new SpanBatch(table);
    super(batch, limits, tally);
    this.batch = batch;
    this.ids = ids;
    this.tally = tally;
    this.#limits = limits;
  }

  /** Starts a draft; false when the request already has its maximum of spans and this one is not to be read. */
  beginSpan(): boolean {
    const { batch } = this;
    // Rejected ones count too: a request of nothing but invalid spans costs no more than its limit.
    if (this.#seen >= this.#limits.maxSpans) {
      this.tally.rejected.too_many_spans += 1;
      return false;
    }
    this.#seen += 1;
    this.traceIdLength = 0;
    this.spanIdLength = 0;
    this.parentIdLength = 0;
    this.startLow = 0;
    this.startHigh = 0;
    this.endLow = 0;
    this.endHigh = 0;
    this.kind = 0;
    this.statusCode = 0;
    this.statusMessageId = 0;
    this.nameId = 0;
    this.traceStateId = 0;
    this.flags = 0;
    this.droppedAttributes = 0;
    this.droppedEvents = 0;
    this.droppedLinks = 0;
    this.#cutAttributes = 0;
    this.#cutEvents = 0;
    this.#cutLinks = 0;
    this.#attributesFrom = batch.attributes.length;
    this.#eventsFrom = batch.eventNameIds.length;
    this.#eventAttributesOfSpanFrom = batch.eventAttributes.length;
    this.#linksFrom = batch.linkTraceStateIds.length;
    this.#linkAttributesOfSpanFrom = batch.linkAttributes.length;
    return true;
  }

  /** Whether the span takes another attribute; counts the one that it does not take. */
  takesAttribute(): boolean {
    if (this.batch.attributes.length - this.#attributesFrom < this.#limits.maxAttributes) return true;
    this.#cutAttributes += 1;
    this.tally.droppedAttributes += 1;
    return false;
  }

  takesEventAttribute(): boolean {
    return this.takes(this.batch.eventAttributes, this.#eventAttributesFrom);
  }

  takesLinkAttribute(): boolean {
    return this.takes(this.batch.linkAttributes, this.#linkAttributesFrom);
  }

  beginEvent(): boolean {
    const { batch } = this;
    const count = batch.eventNameIds.length;
    if (count - this.#eventsFrom >= this.#limits.maxEvents || count >= this.#limits.maxEventsPerRequest) {
      this.#dropEvent();
      return false;
    }
    this.eventLow = 0;
    this.eventHigh = 0;
    this.eventNameId = 0;
    this.#eventAttributesFrom = batch.eventAttributes.length;
    return true;
  }

  commitEvent(): void {
    const { batch } = this;
    if (!isStorableTime(this.eventLow, this.eventHigh)) {
      batch.eventAttributes.truncate(this.#eventAttributesFrom);
      this.#dropEvent();
      return;
    }
    batch.eventTimes.push(this.eventLow);
    batch.eventTimes.push(this.eventHigh);
    batch.eventNameIds.push(this.eventNameId);
    batch.eventAttributeEnds.push(batch.eventAttributes.length);
  }

  #dropEvent(): void {
    this.#cutEvents += 1;
    this.tally.droppedEvents += 1;
  }

  beginLink(): boolean {
    const { batch } = this;
    if (batch.linkTraceStateIds.length - this.#linksFrom >= this.#limits.maxLinks) {
      this.#dropLink();
      return false;
    }
    this.linkTraceIdLength = 0;
    this.linkSpanIdLength = 0;
    this.linkTraceStateId = 0;
    this.#linkAttributesFrom = batch.linkAttributes.length;
    return true;
  }

  commitLink(): void {
    const { batch, ids } = this;
    const isValid =
      isId(ids, this.linkTraceIdAt, this.linkTraceIdLength, TRACE_ID_BYTES) &&
      isId(ids, this.linkSpanIdAt, this.linkSpanIdLength, SPAN_ID_BYTES);
    if (!isValid) {
      batch.linkAttributes.truncate(this.#linkAttributesFrom);
      this.#dropLink();
      return;
    }
    batch.linkTraceIds.pushBytes(ids, this.linkTraceIdAt, this.linkTraceIdAt + TRACE_ID_BYTES);
    batch.linkSpanIds.pushBytes(ids, this.linkSpanIdAt, this.linkSpanIdAt + SPAN_ID_BYTES);
    batch.linkTraceStateIds.push(this.linkTraceStateId);
    batch.linkAttributeEnds.push(batch.linkAttributes.length);
  }

  #dropLink(): void {
    this.#cutLinks += 1;
    this.tally.droppedLinks += 1;
  }

  /** Puts the draft into the batch, or takes back what it left in the columns and counts why. */
  commitSpan(): void {
    const rejection = this.#rejection();
    if (rejection === undefined) this.#push();
    else {
      this.tally.rejected[rejection] += 1;
      this.#takeBack();
    }
  }

  /** The proto comments on Span: an id of another length or of zeros only is invalid. */
  #rejection(): SpanRejection | undefined {
    const { ids } = this;
    if (!isId(ids, this.traceIdAt, this.traceIdLength, TRACE_ID_BYTES)) return 'invalid_trace_id';
    if (!isId(ids, this.spanIdAt, this.spanIdLength, SPAN_ID_BYTES)) return 'invalid_span_id';
    if (this.parentIdLength !== 0 && this.parentIdLength !== SPAN_ID_BYTES) return 'invalid_parent_span_id';
    if (!isStorableTime(this.startLow, this.startHigh) || !isStorableTime(this.endLow, this.endHigh)) {
      return 'time_out_of_range';
    }
    return undefined;
  }

  #push(): void {
    const { batch, ids } = this;
    this.enterOrigin();
    batch.traceIds.pushBytes(ids, this.traceIdAt, this.traceIdAt + TRACE_ID_BYTES);
    batch.spanIds.pushBytes(ids, this.spanIdAt, this.spanIdAt + SPAN_ID_BYTES);
    if (this.parentIdLength === 0) batch.parentSpanIds.pushZeros(SPAN_ID_BYTES);
    else batch.parentSpanIds.pushBytes(ids, this.parentIdAt, this.parentIdAt + SPAN_ID_BYTES);
    batch.starts.push(this.startLow);
    batch.starts.push(this.startHigh);
    // 64-bit subtraction by halves; a Uint32Array keeps the low 32 bits of what is stored, which is two's complement.
    const borrow = this.endLow < this.startLow ? 1 : 0;
    batch.durations.push(this.endLow - this.startLow);
    batch.durations.push(this.endHigh - this.startHigh - borrow);
    batch.kinds.pushByte(this.kind);
    batch.statusCodes.pushByte(this.statusCode);
    batch.statusMessageIds.push(this.statusMessageId);
    batch.nameIds.push(this.nameId);
    batch.traceStateIds.push(this.traceStateId);
    batch.flags.push(this.flags);
    batch.resourceIndexes.push(this.resourceIndex);
    batch.scopeIndexes.push(this.scopeIndex);
    batch.droppedAttributes.push(Math.min(MAX_UINT32, this.droppedAttributes + this.#cutAttributes));
    batch.droppedEvents.push(Math.min(MAX_UINT32, this.droppedEvents + this.#cutEvents));
    batch.droppedLinks.push(Math.min(MAX_UINT32, this.droppedLinks + this.#cutLinks));
    batch.attributeEnds.push(batch.attributes.length);
    batch.eventEnds.push(batch.eventNameIds.length);
    batch.linkEnds.push(batch.linkTraceStateIds.length);
    this.tally.spans += 1;
  }

  #takeBack(): void {
    const { batch } = this;
    batch.attributes.truncate(this.#attributesFrom);
    batch.eventTimes.truncate(this.#eventsFrom * 2);
    batch.eventNameIds.truncate(this.#eventsFrom);
    batch.eventAttributeEnds.truncate(this.#eventsFrom);
    batch.eventAttributes.truncate(this.#eventAttributesOfSpanFrom);
    batch.linkTraceIds.truncate(this.#linksFrom * TRACE_ID_BYTES);
    batch.linkSpanIds.truncate(this.#linksFrom * SPAN_ID_BYTES);
    batch.linkTraceStateIds.truncate(this.#linksFrom);
    batch.linkAttributeEnds.truncate(this.#linksFrom);
    batch.linkAttributes.truncate(this.#linkAttributesOfSpanFrom);
  }
}
