/** Why a broker's HTTP interface gave no answer that can be used. */
export type BrokerFailure =
  | { readonly kind: 'unreachable' }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'wrong_credentials' }
  | { readonly kind: 'not_permitted' }
  | { readonly kind: 'refused'; readonly status: number }
  | { readonly kind: 'too_large' }
  | { readonly kind: 'not_understood' };

/** Thrown by everything that asks a broker; neither message nor cause carries an address with a password, or an answer. */
export class BrokerError extends Error {
  readonly failure: BrokerFailure;

  constructor(failure: BrokerFailure) {
    super(failure.kind === 'refused' ? `the broker answered ${failure.status}` : failure.kind.replaceAll('_', ' '));
    this.name = 'BrokerError';
    this.failure = failure;
  }
}

/** How to ask a broker over HTTP. */
export interface HttpSource {
  /** Without user information; a path of it is kept before the path that is asked for. */
  readonly url: string;
  /** Value of the header `Authorization`; undefined: none. */
  readonly authorization: string | undefined;
  readonly timeoutMs: number;
  /** Largest answer in bytes, after decompression. */
  readonly maxBytes: number;
}

/** The value of `Authorization` for a user and password (RFC 7617). */
export function basicAuthorization(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

/** Asks for a path and reads the answer within its bounds. Throws BrokerError. */
export async function getText(source: HttpSource, path: string, signal?: AbortSignal): Promise<string> {
  const timeout = AbortSignal.timeout(source.timeoutMs);
  try {
    const response = await fetch(source.url.replace(/\/+$/, '') + path, {
      headers: source.authorization === undefined ? {} : { authorization: source.authorization },
      // Credentials go to the configured address only.
      redirect: 'error',
      signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new BrokerError(failureOf(response.status));
    }
    return await readBounded(response, source.maxBytes);
  } catch (error) {
    if (error instanceof BrokerError) throw error;
    throw new BrokerError({ kind: timeout.aborted ? 'timeout' : 'unreachable' });
  }
}

/** As `getText`, parsed as JSON and by `parse`; what it does not understand is `not_understood`. */
export async function getJson<T>(
  source: HttpSource,
  path: string,
  parse: (json: unknown) => T,
  signal?: AbortSignal,
): Promise<T> {
  const text = await getText(source, path, signal);
  try {
    return parse(JSON.parse(text));
  } catch {
    throw new BrokerError({ kind: 'not_understood' });
  }
}

function failureOf(status: number): BrokerFailure {
  if (status === 401) return { kind: 'wrong_credentials' };
  if (status === 403) return { kind: 'not_permitted' };
  return { kind: 'refused', status };
}

async function readBounded(response: Response, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new BrokerError({ kind: 'too_large' });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
