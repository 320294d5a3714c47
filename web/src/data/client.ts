import type { z } from 'zod';
import { type ErrorCode, errorBody } from '../../../src/api/contract/index.ts';

/** How long an answer may take before the page calls it failed; unit ms. */
const TIMEOUT_MS = 20_000;

/** Why an answer is missing: no connection, an answer that does not fit the contract, or an error the API named. */
export class ApiError extends Error {
  readonly kind: 'network' | 'contract' | 'api';
  /** The code of the API; undefined unless `kind` is `api`. */
  readonly code: ErrorCode | undefined;
  /** What to do about it, in the words of the server. */
  readonly remedy: string | undefined;
  /** Whether asking again may help. */
  readonly retryable: boolean;

  constructor(
    kind: ApiError['kind'],
    message: string,
    options: { code?: ErrorCode; remedy?: string | undefined; retryable: boolean; cause?: unknown },
  ) {
    super(message, { cause: options.cause });
    this.name = 'ApiError';
    this.kind = kind;
    this.code = options.code;
    this.remedy = options.remedy;
    this.retryable = options.retryable;
  }
}

async function failure(response: Response): Promise<ApiError> {
  const parsed = errorBody.safeParse(await response.json().catch(() => undefined));
  if (!parsed.success) {
    // A proxy in between answered, or the server is not Waybill's.
    return new ApiError('network', `HTTP ${response.status}`, { retryable: response.status >= 500 });
  }
  const { code, message, remedy, retryable } = parsed.data.error;
  return new ApiError('api', message, { code, remedy, retryable });
}

/** What a request has besides its path. */
interface Sent {
  readonly method: 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

async function request(path: string, signal: AbortSignal, sent?: Sent): Promise<Response> {
  try {
    return await fetch(path, {
      ...sent,
      headers: { accept: 'application/json', ...sent?.headers },
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw new ApiError('network', cause instanceof Error ? cause.message : 'no connection', { retryable: true, cause });
  }
}

/**
 * Asks the API and parses the answer with the schema of the contract; undefined parameters are left out, those of a list are repeated.
 * Throws ApiError; an abort through `signal` passes through as it is.
 */
export async function get<S extends z.ZodType>(
  schema: S,
  path: string,
  signal: AbortSignal,
  parameters: Readonly<Record<string, string | readonly string[] | undefined>> = {},
): Promise<z.output<S>> {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters))
    for (const each of [value ?? []].flat()) search.append(name, each);
  const query = search.size === 0 ? '' : `?${search}`;
  return parse(schema, await request(`/api/${path}${query}`, signal));
}

/** Sends a body with a token; otherwise as `get`. Never repeated by itself. */
export async function post<S extends z.ZodType>(
  schema: S,
  path: string,
  { body, token, signal }: { readonly body: object; readonly token: string; readonly signal: AbortSignal },
): Promise<z.output<S>> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return parse(schema, await request(`/api/${path}`, signal, { method: 'POST', headers, body: JSON.stringify(body) }));
}

async function parse<S extends z.ZodType>(schema: S, response: Response): Promise<z.output<S>> {
  if (!response.ok) throw await failure(response);
  const parsed = schema.safeParse(await response.json().catch(() => undefined));
  if (parsed.success) return parsed.data;
  throw new ApiError('contract', parsed.error.issues[0]?.message ?? 'not JSON', { retryable: false });
}
