import type { WaybillErrorCode } from '../../model/errors.ts';
import {
  type DecodeTally,
  LOG_REJECTIONS,
  type LogRejection,
  POINT_REJECTIONS,
  type PointRejection,
  SPAN_REJECTIONS,
  type SpanRejection,
} from '../../wire/otlp/decode-tally.ts';

/** Why a whole request was not taken. */
export type RefusalReason =
  | WaybillErrorCode
  | 'not_allowed' // a path's wrong method
  | 'unimplemented' // an unknown path, service or method
  | 'timeout' // the sender was too slow or its deadline passed
  | 'disconnected'; // the sender went away before the request was complete

/** Counters of one receiver since its start, as plain data. */
export interface OtlpTallySnapshot {
  /** Requests answered with success, empty and partly rejected ones included. */
  readonly requestsAccepted: number;
  /** Requests refused, by reason; only the reasons that occurred. */
  readonly requestsRefused: Readonly<Partial<Record<RefusalReason, number>>>;
  /** Bytes of accepted requests after decompression. */
  readonly bytesAccepted: number;
  /** Bytes of requests being received, decoded or made durable now. */
  readonly bytesInFlight: number;
  /** Spans made durable. */
  readonly spansAccepted: number;
  /** Spans left out of accepted requests, by reason. */
  readonly spansRejected: Readonly<Record<SpanRejection, number>>;
  /** Log records made durable. */
  readonly logRecordsAccepted: number;
  readonly logRecordsRejected: Readonly<Record<LogRejection, number>>;
  /** Data points made durable. */
  readonly dataPointsAccepted: number;
  readonly dataPointsRejected: Readonly<Record<PointRejection, number>>;
  readonly invalidUtf8: number;
  readonly truncatedValues: number;
  readonly droppedAttributes: number;
  readonly droppedEvents: number;
  readonly droppedLinks: number;
  readonly droppedExemplars: number;
  /** Log records and exemplars that were kept without an invalid trace or span id. */
  readonly invalidIds: number;
}

/** Counts what a receiver took, refused, cut and repaired; requests that the sender will repeat count only when they succeed. */
export class OtlpTally {
  #requestsAccepted = 0;
  #bytesAccepted = 0;
  #bytesInFlight = 0;
  #spansAccepted = 0;
  #invalidUtf8 = 0;
  #truncatedValues = 0;
  #droppedAttributes = 0;
  #droppedEvents = 0;
  #droppedLinks = 0;
  #droppedExemplars = 0;
  #invalidIds = 0;
  #logRecordsAccepted = 0;
  #dataPointsAccepted = 0;
  readonly #requestsRefused = new Map<RefusalReason, number>();
  readonly #spansRejected: Record<SpanRejection, number> = {
    invalid_trace_id: 0,
    invalid_span_id: 0,
    invalid_parent_span_id: 0,
    time_out_of_range: 0,
    too_many_spans: 0,
  };
  readonly #logRecordsRejected: Record<LogRejection, number> = { time_out_of_range: 0, too_many_log_records: 0 };
  readonly #dataPointsRejected: Record<PointRejection, number> = {
    unnamed_metric: 0,
    time_out_of_range: 0,
    invalid_buckets: 0,
    too_many_buckets: 0,
    too_many_data_points: 0,
  };

  /** Counts a request that is durable. */
  accept(bytes: number, decoded: DecodeTally): void {
    this.#requestsAccepted += 1;
    this.#bytesAccepted += bytes;
    this.#spansAccepted += decoded.spans;
    this.#invalidUtf8 += decoded.invalidUtf8;
    this.#truncatedValues += decoded.truncatedValues;
    this.#droppedAttributes += decoded.droppedAttributes;
    this.#droppedEvents += decoded.droppedEvents;
    this.#droppedLinks += decoded.droppedLinks;
    this.#droppedExemplars += decoded.droppedExemplars;
    this.#invalidIds += decoded.invalidIds;
    this.#logRecordsAccepted += decoded.logRecords;
    this.#dataPointsAccepted += decoded.dataPoints;
    for (const reason of SPAN_REJECTIONS) this.#spansRejected[reason] += decoded.rejected[reason];
    for (const reason of LOG_REJECTIONS) this.#logRecordsRejected[reason] += decoded.rejectedLogs[reason];
    for (const reason of POINT_REJECTIONS) this.#dataPointsRejected[reason] += decoded.rejectedPoints[reason];
  }

  refuse(reason: RefusalReason): void {
    this.#requestsRefused.set(reason, (this.#requestsRefused.get(reason) ?? 0) + 1);
  }

  /** Called by the receiver's byte budget; `delta` may be negative. */
  addInFlight(delta: number): void {
    this.#bytesInFlight += delta;
  }

  snapshot(): OtlpTallySnapshot {
    return {
      requestsAccepted: this.#requestsAccepted,
      requestsRefused: Object.fromEntries(this.#requestsRefused),
      bytesAccepted: this.#bytesAccepted,
      bytesInFlight: this.#bytesInFlight,
      spansAccepted: this.#spansAccepted,
      spansRejected: { ...this.#spansRejected },
      invalidUtf8: this.#invalidUtf8,
      truncatedValues: this.#truncatedValues,
      droppedAttributes: this.#droppedAttributes,
      droppedEvents: this.#droppedEvents,
      droppedLinks: this.#droppedLinks,
      droppedExemplars: this.#droppedExemplars,
      invalidIds: this.#invalidIds,
      logRecordsAccepted: this.#logRecordsAccepted,
      logRecordsRejected: { ...this.#logRecordsRejected },
      dataPointsAccepted: this.#dataPointsAccepted,
      dataPointsRejected: { ...this.#dataPointsRejected },
    };
  }
}
