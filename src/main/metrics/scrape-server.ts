import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { explainListenError } from '../listen-error.ts';
import type { Measurement } from './measurement.ts';
import { CONTENT_TYPES, chooseFormat, writeText } from './text-format.ts';

/** Open connections; a landscape has one or two scrapers. */
const MAX_CONNECTIONS = 64;
const REQUEST_TIMEOUT_MS = 10_000;
const MAX_HEADER_BYTES = 16 * 1024;

/** Serves `/metrics`, and nothing else, to scrapers. */
export class ScrapeServer {
  readonly #address: { readonly host: string; readonly port: number };
  readonly #resource: Readonly<Record<string, string>>;
  readonly #collect: () => Promise<readonly Measurement[]>;
  readonly #server: Server;

  /** @param options.collect MUST NOT throw and MUST answer within seconds */
  constructor(options: {
    host: string;
    port: number;
    resource: Readonly<Record<string, string>>;
    collect: () => Promise<readonly Measurement[]>;
  }) {
    this.#address = { host: options.host, port: options.port };
    this.#resource = options.resource;
    this.#collect = options.collect;
    this.#server = createServer(
      { requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS, maxHeaderSize: MAX_HEADER_BYTES },
      (request, response) => void this.#answer(request, response),
    );
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  /** Listens; returns the URL. Throws `invalid_configuration` where that is not possible. */
  async start(): Promise<string> {
    const { host, port } = this.#address;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port }, () => {
        this.#server.off('error', reject);
        resolve();
      });
    }).catch((cause: unknown) => {
      throw explainListenError(cause, { what: 'metrics', key: 'metrics.prometheus.port', host, port });
    });
    const { port: bound } = this.#server.address() as AddressInfo;
    return `http://${host.includes(':') ? `[${host}]` : host}:${bound}/metrics`;
  }

  /** Closes at once: a scrape that is cut is repeated. Idempotent. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.resume();
    const path = request.url?.split('?', 1)[0];
    if (path !== '/metrics') {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('metrics are at /metrics\n');
      return;
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { 'content-type': 'text/plain', allow: 'GET, HEAD' }).end('read metrics with GET\n');
      return;
    }
    const format = chooseFormat(request.headers.accept);
    const body = Buffer.from(writeText(await this.#collect(), this.#resource, format));
    response.writeHead(200, {
      'content-type': CONTENT_TYPES[format],
      'content-length': body.length,
      'cache-control': 'no-store',
      vary: 'accept',
      'x-content-type-options': 'nosniff',
    });
    response.end(request.method === 'HEAD' ? undefined : body);
  }
}
