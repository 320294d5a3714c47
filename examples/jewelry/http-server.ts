import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { trace } from '@opentelemetry/api';
import { ATTR_HTTP_ROUTE } from '@opentelemetry/semantic-conventions';
import { type Fields, MalformedError, parseFields } from './fields.ts';
import { errorText, log } from './log.ts';
import { failed } from './order-tracking.ts';

/** Largest request body, in bytes; a longer one is refused with 413. */
const maxBodyBytes = 1024 * 1024;

/** An answer other than success, decided by a handler. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** What a handler gets to see of a request. */
export type Request = {
  /** A value of the path template, decoded. @throws HttpError 404 when the template has no such name. */
  readonly param: (name: string) => string;
  readonly query: URLSearchParams;
  readonly bytes: Buffer;
  /** The body as a JSON object. @throws MalformedError, answered with 400. */
  readonly fields: () => Fields;
  /** Aborted when the caller hangs up. */
  readonly hungUp: AbortSignal;
};

/** What a handler answers; `json` or `bytes` or neither. */
export type Answer = { readonly status: number; readonly json?: unknown; readonly bytes?: Buffer };

/** One line of a service's API: method, path template such as `/orders/{orderId}`, handler. */
export type Route = readonly [method: string, template: string, handle: (request: Request) => Promise<Answer>];

/** Serves the routes, and `GET /health`, on loopback. Resolves when the port is open; throws when it is taken. */
export async function serveHttp(port: number, routes: readonly Route[]): Promise<Server> {
  const all: Route[] = [['GET', '/health', async () => ({ status: 200, json: { status: 'ok' } })], ...routes];
  const server = createServer((request, response) => void respond(all, request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      reject(new Error(`cannot listen on port ${port}; free it, or set SHOP_PORT, CRM_PORT or MES_PORT`, { cause }));
    });
    server.listen(port, '127.0.0.1', resolve);
  });
  return server;
}

async function respond(routes: readonly Route[], request: IncomingMessage, response: ServerResponse): Promise<void> {
  const answer = await answerTo(routes, request, response).catch(asAnswer);
  if (response.destroyed) return;
  const body = answer.bytes ?? (answer.json === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(answer.json)));
  const type = answer.bytes === undefined ? 'application/json' : 'application/octet-stream';
  response.writeHead(answer.status, { 'content-type': type, 'content-length': body.length });
  response.end(body);
}

async function answerTo(routes: readonly Route[], request: IncomingMessage, response: ServerResponse): Promise<Answer> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  for (const [method, template, handle] of routes) {
    const params = method === request.method ? match(template, url.pathname) : null;
    if (params === null) continue;
    trace.getActiveSpan()?.updateName(`${method} ${template}`).setAttribute(ATTR_HTTP_ROUTE, template);
    const hangUp = new AbortController();
    response.once('close', () => hangUp.abort());
    const bytes = await bodyOf(request);
    const param = (name: string): string => {
      const value = params.get(name);
      if (value === undefined) throw new HttpError(404, `no "${name}" in this address`);
      return value;
    };
    return handle({ param, query: url.searchParams, bytes, fields: () => parseFields(bytes), hungUp: hangUp.signal });
  }
  throw new HttpError(404, 'no such address');
}

/** The values of the template's names when the path fits the template, or null. */
function match(template: string, path: string): Map<string, string> | null {
  const wanted = template.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return null;
  const params = new Map<string, string>();
  for (const [index, part] of wanted.entries()) {
    const value = given[index] ?? '';
    if (part.startsWith('{')) params.set(part.slice(1, -1), decodeURIComponent(value));
    else if (part !== value) return null;
  }
  return params;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBodyBytes) throw new HttpError(413, `the body is longer than ${maxBodyBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function asAnswer(error: unknown): Answer {
  if (error instanceof MalformedError) return { status: 400, json: { error: error.message } };
  const status = error instanceof HttpError ? error.status : 500;
  if (status >= 500) {
    failed(error instanceof Error ? error : new Error(String(error)));
    log('-', `answered ${status}: ${errorText(error)}`);
  }
  return { status, json: { error: status === 500 ? 'internal error' : errorText(error) } };
}
