/** Why one span was left out of a request whose other spans were taken. */
export const SPAN_REJECTIONS = [
  'invalid_trace_id', // not 16 bytes, or all zero
  'invalid_span_id', // not 8 bytes, or all zero
  'invalid_parent_span_id', // neither empty nor 8 bytes
  'time_out_of_range', // start or end cannot be stored
  'too_many_spans', // beyond DecodeLimits.maxSpans
] as const;
export type SpanRejection = (typeof SPAN_REJECTIONS)[number];

/** What a decoder took, rejected, cut and repaired in one request. */
export class DecodeTally {
  /** Spans in the batch. */
  spans = 0;
  /** Spans left out, by reason. */
  readonly rejected: Record<SpanRejection, number> = {
    invalid_trace_id: 0,
    invalid_span_id: 0,
    invalid_parent_span_id: 0,
    time_out_of_range: 0,
    too_many_spans: 0,
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

  /** Number of spans left out, over all reasons. */
  get rejectedSpans(): number {
    let sum = 0;
    for (const reason of SPAN_REJECTIONS) sum += this.rejected[reason];
    return sum;
  }

  /** The reasons and their counts as one line for the sender, e.g. `2 spans rejected: invalid_trace_id 2`. */
  describeRejections(): string {
    const reasons = SPAN_REJECTIONS.filter((reason) => this.rejected[reason] > 0);
    const counts = reasons.map((reason) => `${reason} ${this.rejected[reason]}`);
    return `${this.rejectedSpans} spans rejected: ${counts.join(', ')}`;
  }
}
