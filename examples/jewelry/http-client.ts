import { request } from 'node:http';
import { config } from './config.ts';

/** How long a caller waits for the whole answer unless it says otherwise, in milliseconds. */
const defaultTimeoutMs = 5000;

/** Largest answer that is read, in bytes. */
const maxAnswerBytes = 4 * 1024 * 1024;

/** The callee did not answer in time. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
  readonly code = 'ETIMEDOUT';
}

/** The callee answered with something else than success. */
export class StatusError extends Error {
  override readonly name = 'StatusError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** What is sent along with a call. */
export type Sending = { readonly json?: unknown; readonly bytes?: Buffer; readonly timeoutMs?: number };

/** A service of the company. */
export type Callee = 'shop' | 'crm' | 'mes';

/**
 * Calls a service on loopback and returns the body of a 2xx answer.
 * @throws StatusError for any other answer, TimeoutError, or the connection's error.
 */
export async function call(callee: Callee, method: string, path: string, sending: Sending = {}): Promise<Buffer> {
  const { status, body } = await exchange(callee, method, path, sending);
  if (status >= 200 && status < 300) return body;
  throw new StatusError(status, `${callee} answered ${status} to ${method} ${path}`);
}

function exchange(
  callee: Callee,
  method: string,
  path: string,
  sending: Sending,
): Promise<{ status: number; body: Buffer }> {
  const timeoutMs = sending.timeoutMs ?? defaultTimeoutMs;
  const body = sending.bytes ?? (sending.json === undefined ? undefined : Buffer.from(JSON.stringify(sending.json)));
  const type = sending.bytes === undefined ? 'application/json' : 'application/octet-stream';
  const headers = body === undefined ? {} : { 'content-type': type, 'content-length': body.length };
  return new Promise((resolve, reject) => {
    const out = request({ host: '127.0.0.1', port: config.ports[callee], method, path, headers });
    const timer = setTimeout(() => {
      out.destroy(new TimeoutError(`${method} ${path} to ${callee} timed out after ${Math.round(timeoutMs)} ms`));
    }, timeoutMs);
    const settle = (finish: () => void): void => {
      clearTimeout(timer);
      finish();
    };
    out.on('error', (error) => settle(() => reject(error)));
    out.on('response', (answer) => {
      const chunks: Buffer[] = [];
      let length = 0;
      answer.on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length > maxAnswerBytes) out.destroy(new Error(`${callee} answered more than ${maxAnswerBytes} bytes`));
        else chunks.push(chunk);
      });
      answer.on('error', (error) => settle(() => reject(error)));
      answer.on('end', () => settle(() => resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks) })));
    });
    out.end(body);
  });
}
