import { randomUUID } from 'node:crypto';
import {
  Agent,
  type AgentOptions,
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions,
  request as requestHttp,
} from 'node:http';
import { request as requestHttps, Agent as SecureAgent } from 'node:https';
import { urlToHttpOptions } from 'node:url';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { Secret } from '../model/secret.ts';
import { parameterText } from './parameter-text.ts';
import { readRefusal } from './refusal.ts';

/** How to reach a ClickHouse server. */
export interface ConnectionOptions {
  readonly url: string;
  /** Path of the embedded server's Unix socket. */
  readonly socketPath?: string | undefined;
  readonly user?: string | undefined;
  readonly password?: Secret | undefined;
  readonly database: string;
}

/** Settings of ClickHouse for one statement. */
export type Settings = Readonly<Record<string, string | number>>;

/** One statement. */
export interface Statement {
  readonly sql: string;
  /** Values of `{name:Type}` placeholders. */
  readonly params?: Readonly<Record<string, unknown>>;
  readonly settings: Settings;
  /** Of the answer; the SQL has no FORMAT clause then. */
  readonly format?: string;
  /** Rows of an INSERT, in the format that its SQL names. */
  readonly data?: readonly Uint8Array[];
  readonly headers?: Readonly<Record<string, string>>;
  /** It may run twice: where the server has just closed a connection it is sent again on another. */
  readonly repeatable?: boolean;
}

/** Parallel connections; more statements wait here. */
const MAX_CONNECTIONS = 32;
/** Longest parameters in a URL, in bytes; what stands between may refuse longer ones. More of them go into the body. */
const MAX_URL_PARAMETERS = 4096;
const unzip = promisify(gunzip);

/**
 * Statements over ClickHouse's HTTP interface, each answered with all of its bytes, on connections that are kept.
 *
 * It is small because it is on the way of every page: `@clickhouse/client` lets a timer pass before each request, which with the rest of
 * it took more than half of what a short question took.
 */
export class StoreConnection {
  readonly #place: Pick<RequestOptions, 'hostname' | 'port'>;
  /** Of the URL; ends with a slash. */
  readonly #path: string;
  readonly #agent: Agent;
  readonly #request: typeof requestHttp;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #database: string;
  readonly #compressed: boolean;

  constructor({ url, socketPath, user, password, database }: ConnectionOptions) {
    const base = new URL(url);
    const { protocol, hostname, port } = urlToHttpOptions(base);
    this.#place = { hostname, port };
    this.#path = base.pathname.replace(/\/?$/, '/');
    const options: AgentOptions & { socketPath?: string } = { keepAlive: true, maxSockets: MAX_CONNECTIONS };
    // It hands its own options on to `net.connect`.
    if (socketPath !== undefined) options.socketPath = socketPath;
    const secure = protocol === 'https:';
    this.#agent = secure ? new SecureAgent(options) : new Agent(options);
    this.#request = secure ? requestHttps : requestHttp;
    const credentials = Buffer.from(`${user ?? 'default'}:${password?.reveal() ?? ''}`).toString('base64');
    this.#compressed = socketPath === undefined;
    this.#headers = {
      'User-Agent': 'waybill',
      ...(socketPath === undefined ? { Authorization: `Basic ${credentials}` } : {}),
      ...(this.#compressed ? { 'Accept-Encoding': 'gzip' } : {}),
    };
    this.#database = database;
  }

  /**
   * Runs a statement and returns its answer. Throws StoreRefusal where the server refused it, and an error with a `code` (Node's own, or
   * the HTTP status of who answered in the store's place) where there was no answer.
   */
  async run(statement: Statement, timeoutMs: number): Promise<Buffer> {
    const signal = AbortSignal.timeout(timeoutMs);
    const message = this.#messageOf(statement);
    try {
      return await this.#send(message, signal);
    } catch (cause) {
      if (statement.repeatable !== true || !(cause instanceof ClosedMeanwhile)) throw cause;
      return this.#send(message, signal);
    }
  }

  /** Whether the server answers within `timeoutMs`. */
  async ping(timeoutMs: number): Promise<boolean> {
    const path = `${this.#path}ping`;
    return this.#send({ method: 'GET', path, headers: {}, body: [] }, AbortSignal.timeout(timeoutMs)).then(
      () => true,
      () => false,
    );
  }

  /** Closes the connections. */
  close(): void {
    this.#agent.destroy();
  }

  #messageOf({ sql, params = {}, settings, format, data, headers = {} }: Statement): Message {
    const query = new URLSearchParams({ database: this.#database });
    for (const [name, value] of Object.entries(settings)) query.set(name, String(value));
    if (this.#compressed) query.set('enable_http_compression', '1');
    const text = format === undefined ? sql : `${sql}\nFORMAT ${format}`;
    if (data !== undefined) {
      query.set('query', text);
      return { method: 'POST', path: `${this.#path}?${query.toString()}`, headers, body: data };
    }
    const parameters = Object.entries(params).map(([name, value]): [string, string] => [
      `param_${name}`,
      parameterText(value),
    ]);
    const encoded = encodedParameters(parameters);
    if (encoded === undefined) return this.#multipart(text, parameters, query);
    const path = `${this.#path}?${query.toString()}${encoded}`;
    return { method: 'POST', path, headers, body: [Buffer.from(text)] };
  }

  /** Parameters that are too long for a URL (RFC 7578). */
  #multipart(sql: string, parameters: readonly [string, string][], query: URLSearchParams): Message {
    const boundary = randomUUID();
    const parts = [['query', sql] as const, ...parameters].map(
      ([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
    );
    return {
      method: 'POST',
      path: `${this.#path}?${query.toString()}`,
      headers: { 'Content-Type': `multipart/form-data; boundary=${boundary}` },
      body: [Buffer.from(`${parts.join('')}--${boundary}--\r\n`)],
    };
  }

  async #send({ method, path, headers, body }: Message, signal: AbortSignal): Promise<Buffer> {
    const length = body.reduce((sum, part) => sum + part.length, 0);
    const request = this.#request({
      ...this.#place,
      agent: this.#agent,
      method,
      path,
      headers: { ...this.#headers, ...headers, 'Content-Length': length },
      signal,
    });
    for (const part of body) request.write(part);
    request.end();
    const response = await responseTo(request);
    const answer = await collect(response);
    const bytes = response.headers['content-encoding'] === 'gzip' ? await unzip(answer) : answer;
    const code = [response.headers['x-clickhouse-exception-code']].flat()[0];
    if (response.statusCode === 200 && code === undefined) return bytes;
    const refusal = readRefusal(code, bytes.toString());
    if (refusal !== undefined) throw refusal;
    throw Object.assign(new Error('not an answer of a store'), { code: `HTTP ${response.statusCode}` });
  }
}

interface Message {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: readonly Uint8Array[];
}

/** The server closed an idle connection in the moment in which it was used again: it has seen nothing of the statement. */
class ClosedMeanwhile extends Error {
  readonly code = 'ECONNRESET';
}

function responseTo(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve);
    // Also after the response began: an error without a listener would end the process.
    request.on('error', (cause: NodeJS.ErrnoException) => {
      const closed = request.reusedSocket && (cause.code === 'ECONNRESET' || cause.code === 'EPIPE');
      reject(closed ? new ClosedMeanwhile('closed meanwhile', { cause }) : cause);
    });
  });
}

async function collect(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** `&param_…=…` for each of them; undefined where they are too long for a URL. */
function encodedParameters(parameters: readonly [string, string][]): string | undefined {
  let length = 0;
  for (const [name, value] of parameters) length += name.length + value.length;
  if (length > MAX_URL_PARAMETERS) return undefined;
  const text = new URLSearchParams([...parameters]).toString();
  if (text.length > MAX_URL_PARAMETERS) return undefined;
  return text === '' ? '' : `&${text}`;
}
