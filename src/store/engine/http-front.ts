import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createZstdDecompress, gzipSync } from 'node:zlib';
import { EngineException, EXCEPTION, httpStatusOf } from './exception.ts';
import type { DataInserter } from './insert-data.ts';
import { readParts } from './multipart.ts';
import { SPOOLED_DATA_HEADER } from './options.ts';
import type { EngineResult, SessionPool } from './session-pool.ts';
import { parseStatement } from './sql-text.ts';

/** Longest statement, in bytes; data of INSERTs is not part of it. */
const MAX_STATEMENT_BYTES = 16 * 1024 * 1024;
/** Smaller answers are not worth compressing. */
const MIN_COMPRESSED_BYTES = 1024;
/** URL parameters that are about the request, not settings of the engine. */
const NOT_SETTINGS = new Set(
  (
    'query database default_format query_id user password session_id session_timeout session_check role compress decompress ' +
    'buffer_size wait_end_of_query quota_key client_protocol_version enable_http_compression http_zlib_compression_level ' +
    'send_progress_in_http_headers http_headers_progress_interval_ms cancel_http_readonly_queries_on_client_close ' +
    'http_write_exception_in_output_format'
  ).split(' '),
);

export interface HttpFrontOptions {
  readonly pool: SessionPool;
  readonly inserter: DataInserter;
  /** Required of every query but `/ping`; undefined where the socket itself is protected. */
  readonly password: string | undefined;
}

interface Request {
  readonly url: URLSearchParams;
  readonly database: string | undefined;
  readonly format: string;
  readonly settings: ReadonlyMap<string, string>;
  readonly parameters: ReadonlyMap<string, string>;
  /** Path of a file in place of the body. */
  readonly spooled: string | undefined;
}

/**
 * The part of ClickHouse's HTTP interface that `@clickhouse/client` uses: GET /ping, POST and GET / with `query` in the URL or the
 * body, `database`, settings and `param_*` as URL parameters, compressed bodies both ways, errors with `X-ClickHouse-Exception-Code`.
 *
 * Answers are complete before they start (as with `wait_end_of_query=1`), so an error never hides behind a 200. Not there: HTTP
 * sessions, roles, external tables, progress headers.
 */
export function createHttpFront(options: HttpFrontOptions): Server {
  return createServer((request, response) => {
    answer(options, request, response).catch((cause: unknown) => {
      sendException(request, response, cause);
    });
  });
}

async function answer(options: HttpFrontOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://engine');
  if (url.pathname === '/ping') {
    response.setHeader('Content-Type', 'text/plain; charset=UTF-8');
    response.end('Ok.\n');
    return;
  }
  if (url.pathname !== '/' || (request.method !== 'POST' && request.method !== 'GET')) {
    response.statusCode = 404;
    response.end();
    return;
  }
  if (options.password !== undefined && !isAuthorized(request, url.searchParams, options.password)) {
    throw new EngineException(EXCEPTION.wrongPassword, 'Authentication failed');
  }
  const type = request.headers['content-type'];
  let body = bodyOf(request);
  if (type?.startsWith('multipart/form-data') === true) {
    // The client moves parameters here when they are too long for a URL.
    const parts = readParts(await readText(body), type);
    for (const [name, value] of parts) if (name !== 'query') url.searchParams.set(name, value);
    body = Readable.from([Buffer.from(parts.get('query') ?? '')]);
  }
  const result = await execute(options, readRequest(request, url.searchParams), body);
  sendResult(request, response, url.searchParams, result);
}

function readRequest(request: IncomingMessage, url: URLSearchParams): Request {
  const settings = new Map<string, string>();
  const parameters = new Map<string, string>();
  for (const [name, value] of url) {
    if (name.startsWith('param_')) parameters.set(name.slice('param_'.length), value);
    else if (!NOT_SETTINGS.has(name)) settings.set(name, value);
  }
  const header = (name: string): string | undefined => [request.headers[name]].flat()[0];
  return {
    url,
    settings,
    parameters,
    database: url.get('database') ?? header('x-clickhouse-database'),
    format: url.get('default_format') ?? header('x-clickhouse-format') ?? 'TabSeparated',
    spooled: header(SPOOLED_DATA_HEADER),
  };
}

async function execute(options: HttpFrontOptions, request: Request, body: Readable): Promise<EngineResult | undefined> {
  const urlQuery = request.url.get('query') ?? '';
  const { database, format, settings, parameters } = request;
  const fromUrl = urlQuery === '' ? undefined : parseStatement(urlQuery);
  if (fromUrl?.kind === 'insert') {
    const inBody = fromUrl.inlineData === '' ? body : Readable.from(chain(Buffer.from(fromUrl.inlineData), body));
    const data = request.spooled ?? inBody;
    return options.inserter.run({ insert: fromUrl, data, database, settings, parameters });
  }
  const text = await readText(body);
  // ClickHouse joins the two with a line break.
  const statement = parseStatement([urlQuery, text].filter((part) => part !== '').join('\n'));
  if (statement.kind === 'insert') {
    const data = Readable.from([Buffer.from(statement.inlineData)]);
    return options.inserter.run({ insert: statement, data, database, settings, parameters });
  }
  const result = await options.pool.run(statement.kind, { sql: statement.sql, database, format, settings, parameters });
  if (statement.kind === 'write') options.inserter.forgetTables();
  return result;
}

async function* chain(first: Buffer, rest: Readable): AsyncGenerator<Buffer> {
  yield first;
  for await (const chunk of rest) yield chunk as Buffer;
}

function bodyOf(request: IncomingMessage): Readable {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding === 'identity') return request;
  const decompress =
    encoding === 'gzip'
      ? createGunzip()
      : encoding === 'br'
        ? createBrotliDecompress()
        : encoding === 'zstd'
          ? createZstdDecompress()
          : undefined;
  if (decompress === undefined) throw new EngineException(EXCEPTION.unsupported, 'Unknown Content-Encoding');
  request.on('error', (cause) => decompress.destroy(cause));
  return request.pipe(decompress);
}

async function readText(body: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_STATEMENT_BYTES) {
      throw new EngineException(EXCEPTION.tooLarge, `The statement is longer than ${MAX_STATEMENT_BYTES} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function isAuthorized(request: IncomingMessage, url: URLSearchParams, password: string): boolean {
  const [scheme, credentials = ''] = (request.headers.authorization ?? '').split(' ', 2);
  const basic = scheme === 'Basic' ? Buffer.from(credentials, 'base64').toString('utf8') : '';
  const given =
    basic === ''
      ? ([request.headers['x-clickhouse-key']].flat()[0] ?? url.get('password') ?? '')
      : basic.slice(basic.indexOf(':') + 1);
  return timingSafeEqual(digest(given), digest(password));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function sendResult(
  request: IncomingMessage,
  response: ServerResponse,
  url: URLSearchParams,
  result: EngineResult | undefined,
): void {
  setCommonHeaders(response, url);
  if (result !== undefined) {
    response.setHeader(
      'X-ClickHouse-Summary',
      JSON.stringify({
        read_rows: String(result.rowsRead),
        read_bytes: String(result.bytesRead),
        written_rows: '0',
        written_bytes: '0',
        total_rows_to_read: '0',
        result_rows: '0',
        result_bytes: String(result.bytes.length),
        elapsed_ns: String(Math.round(result.elapsedSeconds * 1e9)),
      }),
    );
  }
  const bytes = result?.bytes ?? new Uint8Array(0);
  const accepts = /\bgzip\b/.test([request.headers['accept-encoding']].flat().join(','));
  if (url.get('enable_http_compression') === '1' && accepts && bytes.length >= MIN_COMPRESSED_BYTES) {
    response.setHeader('Content-Encoding', 'gzip');
    response.end(gzipSync(bytes, { level: 1 }));
  } else response.end(bytes);
}

function setCommonHeaders(response: ServerResponse, url: URLSearchParams): void {
  response.setHeader('Content-Type', 'text/plain; charset=UTF-8');
  response.setHeader('X-ClickHouse-Server-Display-Name', 'waybill-embedded');
  const queryId = url.get('query_id');
  if (queryId !== null && /^[\w-]{1,100}$/.test(queryId)) response.setHeader('X-ClickHouse-Query-Id', queryId);
}

function sendException(request: IncomingMessage, response: ServerResponse, cause: unknown): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const exception =
    cause instanceof EngineException
      ? cause
      : new EngineException(EXCEPTION.unknown, cause instanceof Error ? cause.message : 'Unknown error');
  response.statusCode = httpStatusOf(exception.code);
  response.setHeader('Content-Type', 'text/plain; charset=UTF-8');
  response.setHeader('X-ClickHouse-Exception-Code', String(exception.code));
  // What is left of the body would have to be read before the connection can be used again.
  if (!request.complete) response.setHeader('Connection', 'close');
  response.end(`${exception.message}\n`);
}
