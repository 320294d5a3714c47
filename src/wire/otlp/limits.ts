/** Bounds of one decoded request; what exceeds them is cut or rejected and counted in a DecodeTally, never silently dropped. */
export interface DecodeLimits {
  /** Spans of one request; further ones are rejected. Default 100,000. */
  readonly maxSpans: number;
  /** Log records of one request; further ones are rejected. Default 100,000. */
  readonly maxLogRecords: number;
  /** Data points of one request; further ones are rejected. Default 100,000. */
  readonly maxDataPoints: number;
  /** Attributes of one span, event, link, log record, data point, exemplar, resource or scope; further ones are cut. Default 1,024. */
  readonly maxAttributes: number;
  /** Events of one span; further ones are cut. Default 1,024. */
  readonly maxEvents: number;
  /** Links of one span; further ones are cut. Default 1,024. */
  readonly maxLinks: number;
  /** Events of one request, because an empty event costs eight times its wire size in memory. Default 1,000,000. */
  readonly maxEventsPerRequest: number;
  /** Bytes of one string, or of the canonical text of one value; longer ones are cut at a character. Default 65,536. */
  readonly maxValueBytes: number;
}

/** The limits used where the caller gives none. */
export const DEFAULT_DECODE_LIMITS: DecodeLimits = {
  maxSpans: 100_000,
  maxLogRecords: 100_000,
  maxDataPoints: 100_000,
  maxAttributes: 1024,
  maxEvents: 1024,
  maxLinks: 1024,
  maxEventsPerRequest: 1_000_000,
  maxValueBytes: 64 * 1024,
};

/** Buckets, bounds and quantiles of one data point; SDKs send at most 160. A point with more is rejected: cut, it would be false. */
export const MAX_BUCKETS_PER_POINT = 4096;
/** Buckets, bounds and quantiles of one request, because an empty bucket costs eight times its wire size in memory. */
export const MAX_BUCKETS_PER_REQUEST = 4_000_000;
/** Exemplars of one data point; SDKs send one a bucket. Further ones are cut. */
export const MAX_EXEMPLARS_PER_POINT = 256;
/** Exemplars of one request, because an empty one costs twenty times its wire size in memory. */
export const MAX_EXEMPLARS_PER_REQUEST = 500_000;

/** Nesting of AnyValue (arrays in lists in arrays …) that a decoder follows; deeper payloads are malformed. */
export const MAX_VALUE_DEPTH = 32;
