import { WaybillError, type WaybillErrorCode } from '../model/errors.ts';
import type { ErrorBody, ErrorCode } from './contract/errors.ts';

/** One table from what went wrong to how the API says it. */
const ANSWERS: Readonly<Record<WaybillErrorCode, { status: number; code: ErrorCode }>> = {
  malformed_payload: { status: 400, code: 'bad_request' },
  payload_too_large: { status: 413, code: 'too_large' },
  unsupported_media_type: { status: 415, code: 'bad_request' },
  invalid_argument: { status: 400, code: 'bad_request' },
  invalid_configuration: { status: 500, code: 'internal' },
  invalid_lifecycle: { status: 500, code: 'internal' },
  not_found: { status: 404, code: 'not_found' },
  forbidden: { status: 403, code: 'forbidden' },
  conflict: { status: 409, code: 'conflict' },
  journal_full: { status: 503, code: 'overloaded' },
  disk_full: { status: 503, code: 'overloaded' },
  overloaded: { status: 503, code: 'overloaded' },
  store_unavailable: { status: 503, code: 'store_unavailable' },
  shutting_down: { status: 503, code: 'overloaded' },
  internal: { status: 500, code: 'internal' },
};

/** An error as the API answers it. */
export interface ErrorAnswer {
  readonly status: number;
  readonly body: ErrorBody;
}

/** Shapes an error for the client: our own with their message and remedy, foreign ones without their message, which may hold data. */
export function toErrorAnswer(error: unknown): ErrorAnswer {
  if (error instanceof WaybillError) {
    const { status, code } = ANSWERS[error.code];
    return { status, body: toErrorBody(code, error.message, error.remedy, error.retryable) };
  }
  const clientStatus = clientErrorStatus(error);
  if (clientStatus === 413) {
    return {
      status: 413,
      body: toErrorBody('too_large', 'the body is larger than the limit', 'send fewer items per request'),
    };
  }
  if (clientStatus !== undefined) {
    return {
      status: clientStatus,
      body: toErrorBody('bad_request', (error as Error).message, 'see /api/openapi.json'),
    };
  }
  return {
    status: 500,
    body: toErrorBody(
      'internal',
      'an unexpected error happened inside Waybill',
      'see the server log; it names the request id',
    ),
  };
}

/** Builds the body of an error answer. */
export function toErrorBody(code: ErrorCode, message: string, remedy?: string, retryable = false): ErrorBody {
  return { error: { code, message, ...(remedy === undefined ? {} : { remedy }), retryable } };
}

/** The 4xx status that fastify itself gave to an error: validation, content type, size. */
function clientErrorStatus(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('statusCode' in error)) return undefined;
  const { statusCode } = error;
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500 ? statusCode : undefined;
}
