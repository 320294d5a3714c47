/** The two encodings of OTLP bodies. */
export type OtlpEncoding = 'protobuf' | 'json';

/** google.rpc.Code numbers that Waybill answers with; also the values of `grpc-status`. */
export const RPC_CODE = {
  ok: 0,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
} as const;
export type RpcCode = (typeof RPC_CODE)[keyof typeof RPC_CODE];

/** A google.rpc.Status with the details that OTLP gives a meaning. */
export interface RpcStatus {
  readonly code: RpcCode;
  readonly message: string;
  /** RetryInfo: the sender should try the same again after this many seconds. */
  readonly retryDelaySeconds?: number;
  /** BadRequest: what is wrong with the request. */
  readonly badRequest?: string;
}

/** The rejected part of a request that was otherwise taken; the sender MUST NOT resend it. */
export interface PartialSuccess {
  /** What the signal's response calls the number, in JSON; in protobuf it is field 1 of all. */
  readonly field: 'rejectedSpans' | 'rejectedDataPoints' | 'rejectedLogRecords';
  readonly rejected: number;
  readonly errorMessage: string;
}

const RETRY_INFO = 'type.googleapis.com/google.rpc.RetryInfo';
const BAD_REQUEST = 'type.googleapis.com/google.rpc.BadRequest';
const encoder = new TextEncoder();

/** Encodes a google.rpc.Status, the body of every OTLP/HTTP error and of `grpc-status-details-bin` (there as protobuf). */
export function encodeStatus(status: RpcStatus, encoding: OtlpEncoding): Uint8Array {
  if (encoding === 'json') return encoder.encode(JSON.stringify(statusObject(status)));
  const details: Uint8Array[] = [];
  if (status.retryDelaySeconds !== undefined) {
    const duration = varintField(1, status.retryDelaySeconds);
    details.push(bytesField(3, any(RETRY_INFO, bytesField(1, duration))));
  }
  if (status.badRequest !== undefined) {
    const violation = Buffer.concat([textField(1, 'body'), textField(2, status.badRequest)]);
    details.push(bytesField(3, any(BAD_REQUEST, bytesField(1, violation))));
  }
  return Buffer.concat([varintField(1, status.code), textField(2, status.message), ...details]);
}

/** Encodes the response to an export of any signal; without `partial` it is the empty message that says full success. */
export function encodeExportResponse(partial: PartialSuccess | undefined, encoding: OtlpEncoding): Uint8Array {
  if (encoding === 'json') {
    // proto3 JSON writes int64 as a string.
    const partialSuccess =
      partial === undefined
        ? undefined
        : { [partial.field]: String(partial.rejected), errorMessage: partial.errorMessage };
    return encoder.encode(JSON.stringify({ partialSuccess }));
  }
  if (partial === undefined) return new Uint8Array(0);
  return bytesField(1, Buffer.concat([varintField(1, partial.rejected), textField(2, partial.errorMessage)]));
}

function statusObject(status: RpcStatus): object {
  const details: object[] = [];
  if (status.retryDelaySeconds !== undefined) {
    details.push({ '@type': RETRY_INFO, retryDelay: `${status.retryDelaySeconds}s` });
  }
  if (status.badRequest !== undefined) {
    details.push({ '@type': BAD_REQUEST, fieldViolations: [{ field: 'body', description: status.badRequest }] });
  }
  return { code: status.code, message: status.message, ...(details.length > 0 ? { details } : {}) };
}

function any(typeUrl: string, value: Uint8Array): Uint8Array {
  return Buffer.concat([textField(1, typeUrl), bytesField(2, value)]);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) + 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return bytes;
}

function varintField(field: number, value: number): Uint8Array {
  return value === 0 ? new Uint8Array(0) : Uint8Array.from([field << 3, ...varint(value)]);
}

function bytesField(field: number, value: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.from([(field << 3) | 2, ...varint(value.length)]), value]);
}

function textField(field: number, text: string): Uint8Array {
  return text === '' ? new Uint8Array(0) : bytesField(field, encoder.encode(text));
}
