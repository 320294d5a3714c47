/** Everything that can go wrong by name; callers branch on it, tables in the receivers and the API map it to protocol codes. */
export type WaybillErrorCode =
  | 'malformed_payload' // bytes that are not what their content type says
  | 'payload_too_large' // more bytes than the limit, counted after decompression
  | 'unsupported_media_type'
  | 'invalid_argument' // a well-formed request that asks for something impossible
  | 'invalid_configuration'
  | 'invalid_lifecycle'
  | 'not_found'
  | 'forbidden' // the caller may not, or nobody may as it is configured
  | 'conflict' // what is asked for does not fit how things stand now
  | 'journal_full' // the journal reached its size limit; the store is behind
  | 'disk_full'
  | 'overloaded' // a bounded queue is full
  | 'store_unavailable'
  | 'shutting_down'
  | 'internal';

const RETRYABLE: ReadonlySet<WaybillErrorCode> = new Set([
  'journal_full',
  'disk_full',
  'overloaded',
  'store_unavailable',
  'shutting_down',
]);

/** The base of every error that Waybill throws on purpose. A payload or a secret never enters the message. */
export class WaybillError extends Error {
  readonly code: WaybillErrorCode;
  /** What the reader can do about it; printed after the message. */
  readonly remedy: string | undefined;

  constructor(code: WaybillErrorCode, message: string, options: { remedy?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'WaybillError';
    this.code = code;
    this.remedy = options.remedy;
  }

  /** Whether the same call may succeed later; the one bit that senders need (OTLP: retryable codes only where retrying helps). */
  get retryable(): boolean {
    return RETRYABLE.has(this.code);
  }
}
