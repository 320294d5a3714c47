import { type KeyValueTable, VALUE_TYPE } from '../../model/key-value-table.ts';
import type { UnixNano } from '../../model/units.ts';
import type { DecodeTally } from '../otlp/decode-tally.ts';
import type { DecodeLimits } from '../otlp/limits.ts';
import { SPAN_ID_BYTES, TRACE_ID_BYTES } from '../otlp/origin-builder.ts';
import { SpanBuilder } from '../otlp/span-builder.ts';

const TRACE_ID_AT = 0;
const SPAN_ID_AT = 16;
const PARENT_ID_AT = 24;
const SCRATCH_BYTES = 32;

const NANOS_PER_MICRO = 1000;
const TWO_TO_32 = 2 ** 32;
const MAX_UINT32 = 0xffffffff;
const MAX_PORT = 65_535;

const STATUS_ERROR = 2;
/** OTLP SpanKind of a span that says nothing: Zipkin calls it local. */
const KIND_INTERNAL = 1;

/** Zipkin's kinds as OTLP numbers. */
export const KIND = { CLIENT: 3, SERVER: 2, PRODUCER: 4, CONSUMER: 5 } as const;

/** One side of a span's connection, by ids of interned strings; 0 where the sender does not say. */
export interface ZipkinEndpoint {
  serviceId: number;
  addressId: number;
  port: number;
}

function endpoint(): ZipkinEndpoint {
  return { serviceId: 0, addressId: 0, port: 0 };
}

function clear(side: ZipkinEndpoint): void {
  side.serviceId = 0;
  side.addressId = 0;
  side.port = 0;
}

/**
 * Fills a SpanBatch with Zipkin v2 spans, for both of their encodings.
 *
 * - Ids of 64 bits are padded at the left. A parent that is the span itself, or zero, is none (as Zipkin reads it).
 * - The local endpoint's service is the resource's `service.name`; its address and the remote endpoint become `network.local.*`,
 *   `network.peer.*` and `peer.service`; `debug` and `shared` become `zipkin.debug` and `zipkin.shared`.
 * - A tag `error` makes the status an error; its text, where it has one, is the message. The tag itself stays.
 * - A span without a timestamp starts at its first annotation, else when it was received; without a duration it takes no time.
 */
export class ZipkinSpanBuilder extends SpanBuilder {
  readonly local = endpoint();
  readonly remote = endpoint();
  isDebug = false;
  isShared = false;
  /** Microseconds, low and high half; 0 where the sender does not say. */
  durationLow = 0;
  durationHigh = 0;
  #timestampLow = 0;
  #timestampHigh = 0;
  #earliestEvent = -1;
  readonly #scratch: Uint8Array;
  readonly #table: KeyValueTable;
  readonly #receivedLow: number;
  readonly #receivedHigh: number;
  readonly #keys: Readonly<
    Record<'error' | 'service' | 'peer' | 'peerAddress' | 'peerPort' | 'address' | 'port', number>
  >;
  readonly #debug: number;
  readonly #shared: number;
  /** String ids of the ports of this request; at most 65,535. */
  readonly #portTexts = new Map<number, number>();
  /** Places of the resources in the batch, by the string id of their service. */
  readonly #resourceOf = new Map<number, number>();

  constructor(table: KeyValueTable, limits: DecodeLimits, tally: DecodeTally, receivedAt: UnixNano) {
    const scratch = new Uint8Array(SCRATCH_BYTES);
    super(table, scratch, limits, tally);
    this.#scratch = scratch;
    this.#table = table;
    this.#receivedLow = Number(receivedAt & 0xffff_ffffn);
    this.#receivedHigh = Number(receivedAt >> 32n);
    const { strings } = table;
    this.#keys = {
      error: strings.internText('error'),
      service: strings.internText('service.name'),
      peer: strings.internText('peer.service'),
      peerAddress: strings.internText('network.peer.address'),
      peerPort: strings.internText('network.peer.port'),
      address: strings.internText('network.local.address'),
      port: strings.internText('network.local.port'),
    };
    this.#debug = table.internText('zipkin.debug', 'bool', 'true');
    this.#shared = table.internText('zipkin.shared', 'bool', 'true');
    this.traceIdAt = TRACE_ID_AT;
    this.spanIdAt = SPAN_ID_AT;
    this.parentIdAt = PARENT_ID_AT;
  }

  override beginSpan(): boolean {
    if (!super.beginSpan()) return false;
    clear(this.local);
    clear(this.remote);
    this.isDebug = false;
    this.isShared = false;
    this.durationLow = 0;
    this.durationHigh = 0;
    this.#timestampLow = 0;
    this.#timestampHigh = 0;
    this.#earliestEvent = -1;
    this.kind = KIND_INTERNAL;
    return true;
  }

  /** Takes `bytes[start … end)` as the trace id: 1 to 16 bytes, padded at the left; others make the span invalid. */
  setTraceId(bytes: Uint8Array, start: number, end: number): void {
    this.traceIdLength = this.#setId(bytes, start, end, TRACE_ID_AT, TRACE_ID_BYTES);
  }

  setSpanId(bytes: Uint8Array, start: number, end: number): void {
    this.spanIdLength = this.#setId(bytes, start, end, SPAN_ID_AT, SPAN_ID_BYTES);
  }

  setParentId(bytes: Uint8Array, start: number, end: number): void {
    this.parentIdLength = this.#setId(bytes, start, end, PARENT_ID_AT, SPAN_ID_BYTES);
  }

  #setId(bytes: Uint8Array, start: number, end: number, at: number, width: number): number {
    const length = end - start;
    if (length === 0) return 0;
    if (length > width) return -1;
    this.#scratch.fill(0, at, at + width - length);
    this.#scratch.set(bytes.subarray(start, end), at + width - length);
    return width;
  }

  /** Start in microseconds as two halves; 0 stands for absent. */
  setTimestamp(low: number, high: number): void {
    this.#timestampLow = low;
    this.#timestampHigh = high;
  }

  /** Adds a tag, a key-value of the table. */
  addTag(id: number): void {
    if (!this.takesAttribute()) return;
    this.batch.attributes.push(id);
    if (this.#table.keyId(id) !== this.#keys.error) return;
    // Zipkin: the presence of the tag is the error; `false` is what bridges from OpenTracing write for its absence.
    const text = this.#table.value(id);
    if (text === 'false') return;
    this.statusCode = STATUS_ERROR;
    if (text !== 'true') this.statusMessageId = this.#table.valueId(id);
  }

  /** Adds an annotation at a time in microseconds. */
  addAnnotation(low: number, high: number, valueId: number): void {
    if (!this.beginEvent()) return;
    const { batch } = this;
    const before = batch.eventNameIds.length;
    const product = low * NANOS_PER_MICRO;
    this.eventLow = product >>> 0;
    this.eventHigh = Math.min(MAX_UINT32, high * NANOS_PER_MICRO + Math.floor(product / TWO_TO_32));
    this.eventNameId = valueId;
    this.commitEvent();
    if (batch.eventNameIds.length === before) return;
    if (this.#earliestEvent < 0 || this.#isEarlier(before, this.#earliestEvent)) this.#earliestEvent = before;
  }

  #isEarlier(event: number, than: number): boolean {
    const { eventTimes } = this.batch;
    const [high, other] = [eventTimes.at(event * 2 + 1), eventTimes.at(than * 2 + 1)];
    return high === other ? eventTimes.at(event * 2) < eventTimes.at(than * 2) : high < other;
  }

  /** Puts the span into the batch, or counts why it is left out. */
  finishSpan(): void {
    if (this.parentIdLength > 0 && this.#isOwnParent()) this.parentIdLength = 0;
    this.#setTimes();
    this.#describeConnection();
    const { serviceId } = this.local;
    this.#enterService(serviceId);
    this.commitSpan();
    if (this.resourceIndex >= 0) this.#resourceOf.set(serviceId, this.resourceIndex);
  }

  #isOwnParent(): boolean {
    for (let at = 0; at < SPAN_ID_BYTES; at += 1) {
      if (this.#scratch[PARENT_ID_AT + at] !== this.#scratch[SPAN_ID_AT + at]) return false;
    }
    return true;
  }

  #setTimes(): void {
    const { eventTimes } = this.batch;
    if (this.#timestampLow !== 0 || this.#timestampHigh !== 0) {
      const product = this.#timestampLow * NANOS_PER_MICRO;
      this.startLow = product >>> 0;
      this.startHigh = Math.min(MAX_UINT32, this.#timestampHigh * NANOS_PER_MICRO + Math.floor(product / TWO_TO_32));
    } else if (this.#earliestEvent >= 0) {
      this.startLow = eventTimes.at(this.#earliestEvent * 2);
      this.startHigh = eventTimes.at(this.#earliestEvent * 2 + 1);
    } else {
      this.startLow = this.#receivedLow;
      this.startHigh = this.#receivedHigh;
    }
    const low = this.startLow + this.durationLow * NANOS_PER_MICRO;
    this.endLow = low >>> 0;
    // What 64 bits cannot hold, the store cannot either: the span is rejected for its time.
    this.endHigh = Math.min(
      MAX_UINT32,
      this.startHigh + this.durationHigh * NANOS_PER_MICRO + Math.floor(low / TWO_TO_32),
    );
  }

  #describeConnection(): void {
    const { string } = VALUE_TYPE;
    const keys = this.#keys;
    this.#derive(keys.address, string, this.local.addressId);
    this.#derivePort(keys.port, this.local.port);
    this.#derive(keys.peer, string, this.remote.serviceId);
    this.#derive(keys.peerAddress, string, this.remote.addressId);
    this.#derivePort(keys.peerPort, this.remote.port);
    if (this.isDebug && this.takesAttribute()) this.batch.attributes.push(this.#debug);
    if (this.isShared && this.takesAttribute()) this.batch.attributes.push(this.#shared);
  }

  #derive(keyId: number, type: number, valueId: number): void {
    if (valueId !== 0 && this.takesAttribute()) this.batch.attributes.push(this.#table.intern(keyId, type, valueId));
  }

  #derivePort(keyId: number, port: number): void {
    if (port < 1 || port > MAX_PORT) return;
    let textId = this.#portTexts.get(port);
    if (textId === undefined) {
      textId = this.#table.strings.internText(String(port));
      this.#portTexts.set(port, textId);
    }
    this.#derive(keyId, VALUE_TYPE.int, textId);
  }

  /** Services of a request are few and their spans interleaved: each is a resource once. */
  #enterService(serviceId: number): void {
    const known = this.#resourceOf.get(serviceId);
    if (known !== undefined) {
      this.resourceIndex = known;
      return;
    }
    this.beginResource();
    if (serviceId !== 0) {
      this.resourceAttributes.push(this.#table.intern(this.#keys.service, VALUE_TYPE.string, serviceId));
    }
  }
}
