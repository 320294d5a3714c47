import { mix, type RunIds } from './ids.ts';
import { PLAN_SPANS, PLAN_TRACES, type PlannedSpan } from './plan.ts';
import { type Encoding, ORDER_DIGITS, type Place, type Slot, type Template, VALUE_DIGITS } from './template.ts';

/** How many values the attribute `app.request.id` has: 16, 10,000, or another one in every span. */
export type Cardinality = 'low' | 'medium' | 'high';

const DISTINCT_VALUES: Record<Cardinality, number> = { low: 16, medium: 10_000, high: 2 ** 32 };
const HEX = Buffer.from('0123456789abcdef');
const NANO = 1_000_000_000;

/** What all requests of a run share. */
export interface RequestFill {
  readonly ids: RunIds;
  readonly cardinality: Cardinality;
  readonly encoding: Encoding;
}

/** Number of the trace, over all plans, that a span belongs to. */
export function traceOf(span: number, planned: PlannedSpan): number {
  return Math.floor(span / PLAN_SPANS) * PLAN_TRACES + planned.trace;
}

/**
 * A request to send: a copy of a template that is written over in place, so that a sending costs the sender little. One is used by
 * one sending at a time.
 */
export class RequestBody {
  readonly bytes: Buffer;
  readonly #places: readonly Place[];
  readonly #fill: RequestFill;
  readonly #write: Writer;

  constructor(template: Template, fill: RequestFill) {
    this.bytes = Buffer.from(template.bytes);
    this.#places = template.places;
    this.#fill = fill;
    this.#write = fill.encoding === 'protobuf' ? new BinaryWriter(this.bytes) : new TextWriter(this.bytes);
  }

  /**
   * Writes ids and times.
   *
   * @param firstSpan number of the first span of the request in the run; a multiple of the batch size
   * @param nowMs when its traces ended
   */
  fill(firstSpan: number, nowMs: number): void {
    // Where the request begins within its plan.
    const base = firstSpan - (firstSpan % PLAN_SPANS);
    for (const { span, slot, at } of this.#places) this.#fillPlace(span, base + span.index, slot, at, nowMs);
  }

  #fillPlace(planned: PlannedSpan, span: number, slot: Slot, at: number, nowMs: number): void {
    const { ids } = this.#fill;
    const write = this.#write;
    switch (slot) {
      case 'traceId': {
        const trace = traceOf(span, planned);
        write.word(ids.traceQuarter(trace, 0), at, 0);
        write.word(ids.traceQuarter(trace, 1), at, 1);
        write.word(ids.traceQuarter(trace, 2), at, 2);
        write.word(ids.traceQuarter(trace, 3), at, 3);
        return;
      }
      case 'spanId':
      case 'parentId': {
        const named = slot === 'spanId' ? span : span - planned.parentBack;
        write.word(ids.spanHalf(named, 0), at, 0);
        write.word(ids.spanHalf(named, 1), at, 1);
        return;
      }
      case 'start':
        write.time(nowMs, planned.startNano + (mix(span) % planned.slackNano) - LEAD_NANO, at);
        return;
      case 'eventTime':
        write.time(nowMs, planned.startNano + planned.slackNano - LEAD_NANO, at);
        return;
      case 'end': {
        const end = planned.startNano + planned.durationNano - (mix(~span) % planned.slackNano);
        write.time(nowMs, end - LEAD_NANO, at);
        return;
      }
      case 'value':
        writeValue(this.bytes, at, span, this.#fill.cardinality);
        return;
      case 'orderId':
        writeDecimal(this.bytes, ids.orderNumber(Math.floor(span / PLAN_SPANS)), ORDER_DIGITS, at);
    }
  }
}

/** How long before the sending a trace began, in nanoseconds; longer than any trace lasts. */
const LEAD_NANO = 250_000_000;

interface Writer {
  /** Writes the 32 bits `value` as word `index` of an id that begins at `at`. */
  word(value: number, at: number, index: number): void;
  /** Writes the time `nano` nanoseconds (negative: before) from `ms` after 1970. */
  time(ms: number, nano: number, at: number): void;
}

class BinaryWriter implements Writer {
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  word(value: number, at: number, index: number): void {
    this.#bytes.writeUInt32BE(value, at + index * 4);
  }

  time(ms: number, nano: number, at: number): void {
    // 64 bits without BigInt: ms = high * 2^32 + low, each times 10^6 stays below 2^53.
    const low = (ms % 2 ** 32) * 1_000_000 + nano;
    const high = Math.floor(ms / 2 ** 32) * 1_000_000 + Math.floor(low / 2 ** 32);
    this.#bytes.writeUInt32LE(low - Math.floor(low / 2 ** 32) * 2 ** 32, at);
    this.#bytes.writeUInt32LE(high, at + 4);
  }
}

class TextWriter implements Writer {
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  word(value: number, at: number, index: number): void {
    let bits = value;
    for (let digit = 7; digit >= 0; digit -= 1) {
      this.#bytes[at + index * 8 + digit] = HEX[bits & 15] ?? 0;
      bits >>>= 4;
    }
  }

  time(ms: number, nano: number, at: number): void {
    const sinceSecond = (ms % 1000) * 1_000_000 + nano;
    const seconds = Math.floor(ms / 1000) + Math.floor(sinceSecond / NANO);
    writeDecimal(this.#bytes, seconds, 10, at);
    writeDecimal(this.#bytes, sinceSecond - Math.floor(sinceSecond / NANO) * NANO, 9, at + 10);
  }
}

/** Writes a whole number with leading zeros. */
function writeDecimal(bytes: Buffer, value: number, digits: number, at: number): void {
  let rest = value;
  for (let digit = digits - 1; digit >= 0; digit -= 1) {
    const next = Math.floor(rest / 10);
    bytes[at + digit] = 0x30 + (rest - next * 10);
    rest = next;
  }
}

/** Writes the value of the attribute that carries the cardinality, of span number `span`. */
export function writeValue(bytes: Uint8Array, at: number, span: number, cardinality: Cardinality): void {
  const which = mix(span) % DISTINCT_VALUES[cardinality];
  let bits = 0;
  for (let digit = 0; digit < VALUE_DIGITS; digit += 1) {
    if (digit % 8 === 0) bits = mix(which + digit);
    bytes[at + digit] = HEX[bits & 15] ?? 0;
    bits >>>= 4;
  }
}
