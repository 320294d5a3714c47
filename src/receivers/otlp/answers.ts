import { WaybillError, type WaybillErrorCode } from '../../model/errors.ts';
import { RPC_CODE, type RpcCode, type RpcStatus } from '../../wire/otlp/encode-status.ts';

/** How a failed request is answered on both transports. */
export interface Answer {
  readonly httpStatus: number;
  readonly status: RpcStatus;
  /** Whether the sender is told to try again. */
  readonly retryable: boolean;
}

/** The HTTP and gRPC code of every error; OTLP senders retry 503 and UNAVAILABLE, and give up on the others here. */
const CODES: Record<WaybillErrorCode, readonly [httpStatus: number, rpc: RpcCode]> = {
  malformed_payload: [400, RPC_CODE.invalidArgument],
  invalid_argument: [400, RPC_CODE.invalidArgument],
  payload_too_large: [413, RPC_CODE.resourceExhausted],
  unsupported_media_type: [415, RPC_CODE.unimplemented],
  not_found: [404, RPC_CODE.notFound],
  forbidden: [403, RPC_CODE.permissionDenied],
  conflict: [409, RPC_CODE.failedPrecondition],
  journal_full: [503, RPC_CODE.unavailable],
  disk_full: [503, RPC_CODE.unavailable],
  overloaded: [503, RPC_CODE.unavailable],
  store_unavailable: [503, RPC_CODE.unavailable],
  shutting_down: [503, RPC_CODE.unavailable],
  invalid_configuration: [500, RPC_CODE.internal],
  invalid_lifecycle: [500, RPC_CODE.internal],
  internal: [500, RPC_CODE.internal],
};

/** The answer to an error; one that nobody threw on purpose tells nothing of itself. */
export function answerTo(error: unknown, retryAfterSeconds: number): Answer {
  if (!(error instanceof WaybillError)) {
    const status = { code: RPC_CODE.internal, message: 'internal error' };
    return { httpStatus: 500, status, retryable: false };
  }
  const [httpStatus, code] = CODES[error.code];
  const message = error.remedy === undefined ? error.message : `${error.message}; ${error.remedy}`;
  const status: RpcStatus = {
    code,
    message,
    ...(error.retryable ? { retryDelaySeconds: retryAfterSeconds } : {}),
    ...(error.code === 'malformed_payload' ? { badRequest: error.message } : {}),
  };
  return { httpStatus, status, retryable: error.retryable };
}
