/** Why one span was left out of a request whose other spans were taken. */
export const SPAN_REJECTIONS = [
  'invalid_trace_id', // not 16 bytes, or all zero
  'invalid_span_id', // not 8 bytes, or all zero
  'invalid_parent_span_id', // neither empty nor 8 bytes
  'time_out_of_range', // start or end cannot be stored
  'too_many_spans', // beyond DecodeLimits.maxSpans
] as const;
export type SpanRejection = (typeof SPAN_REJECTIONS)[number];

/** Why one log record was left out of a request whose other records were taken. */
export const LOG_REJECTIONS = [
  'time_out_of_range', // cannot be stored
  'too_many_log_records', // beyond DecodeLimits.maxLogRecords
] as const;
export type LogRejection = (typeof LOG_REJECTIONS)[number];

/** Why one data point was left out of a request whose other points were taken. */
export const POINT_REJECTIONS = [
  'unnamed_metric', // the metric has no name
  'time_out_of_range', // start or time cannot be stored
  'invalid_buckets', // bounds do not rise, or do not fit the counts
  'too_many_buckets', // beyond MAX_BUCKETS_PER_POINT, or MAX_BUCKETS_PER_REQUEST over all points
  'too_many_data_points', // beyond DecodeLimits.maxDataPoints
] as const;
export type PointRejection = (typeof POINT_REJECTIONS)[number];

/** What a decoder took, rejected, cut and repaired in one request. */
export class DecodeTally {
  /** Spans in the batch. */
  spans = 0;
  /** Log records in the batch. */
  logRecords = 0;
  /** Data points in the batch. */
  dataPoints = 0;
  /** Spans left out, by reason. */
  readonly rejected: Record<SpanRejection, number> = {
    invalid_trace_id: 0,
    invalid_span_id: 0,
    invalid_parent_span_id: 0,
    time_out_of_range: 0,
    too_many_spans: 0,
  };
  /** Log records left out, by reason. */
  readonly rejectedLogs: Record<LogRejection, number> = { time_out_of_range: 0, too_many_log_records: 0 };
  /** Data points left out, by reason. */
  readonly rejectedPoints: Record<PointRejection, number> = {
    unnamed_metric: 0,
    time_out_of_range: 0,
    invalid_buckets: 0,
    too_many_buckets: 0,
    too_many_data_points: 0,
  };
  /** Strings whose bytes were not UTF-8 and were repaired with U+FFFD; once per distinct value of a table where it is short. */
  invalidUtf8 = 0;
  /** Strings and values cut at `maxValueBytes`; counted like `invalidUtf8`. */
  truncatedValues = 0;
  /** Attributes cut by a limit. */
  droppedAttributes = 0;
  /** Events cut by a limit or with a time that cannot be stored. */
  droppedEvents = 0;
  /** Links cut by a limit or with invalid ids. */
  droppedLinks = 0;
  /** Exemplars cut by a limit or with a time that cannot be stored. */
  droppedExemplars = 0;
  /** Log records and exemplars whose trace or span id was invalid: they are kept without it, as OTLP says. */
  invalidIds = 0;

  /** Number of spans left out, over all reasons. */
  get rejectedSpans(): number {
    return sumOf(this.rejected);
  }

  /** Number of log records left out, over all reasons. */
  get rejectedLogRecords(): number {
    return sumOf(this.rejectedLogs);
  }

  /** Number of data points left out, over all reasons. */
  get rejectedDataPoints(): number {
    return sumOf(this.rejectedPoints);
  }

  /** The reasons and their counts as one line for the sender, e.g. `2 spans rejected: invalid_trace_id 2`. */
  describeRejections(): string {
    return [
      describe('spans', this.rejected),
      describe('log records', this.rejectedLogs),
      describe('data points', this.rejectedPoints),
    ]
      .filter((line) => line !== '')
      .join('; ');
  }
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function describe(what: string, counts: Readonly<Record<string, number>>): string {
  const reasons = Object.entries(counts).filter(([, count]) => count > 0);
  if (reasons.length === 0) return '';
  return `${sumOf(counts)} ${what} rejected: ${reasons.map(([reason, count]) => `${reason} ${count}`).join(', ')}`;
}
