import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import {
  ANSWER_WITHIN_MS,
  errorCode,
  MAX_ANSWER_BYTES,
  type Outcome,
  rejectedSpans,
  type Sender,
  type SenderOptions,
} from './sender.ts';

/** OTLP 1.11, "Failures": only these answers mean that sending the same again may help. */
const RETRYABLE = new Set([429, 502, 503, 504]);

/** OTLP over HTTP on connections that are kept. */
export class HttpSender implements Sender {
  readonly #agent: HttpAgent | HttpsAgent;
  readonly #options: SenderOptions;
  readonly #url: URL;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#url = new URL(options.target);
    if (this.#url.pathname === '/') this.#url.pathname = '/v1/traces';
    const agent = { keepAlive: true, maxSockets: options.connections };
    this.#agent = this.#isSecure ? new HttpsAgent(agent) : new HttpAgent(agent);
  }

  send(body: Uint8Array): Promise<Outcome> {
    return new Promise((resolve) => {
      const request = this.#open(body.length);
      const fail = (reason: string): void => {
        resolve({ kind: 'failed', reason });
        request.destroy();
      };
      request.setTimeout(ANSWER_WITHIN_MS, () => fail('ETIMEDOUT'));
      request.on('error', (error) => fail(errorCode(error)));
      request.on('response', (response) => {
        const chunks: Buffer[] = [];
        let length = 0;
        response.on('data', (chunk: Buffer) => {
          length += chunk.length;
          if (length <= MAX_ANSWER_BYTES) chunks.push(chunk);
        });
        response.on('error', (error) => fail(errorCode(error)));
        response.on('end', () => resolve(this.#outcomeOf(response, Buffer.concat(chunks))));
      });
      request.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }

  get #isSecure(): boolean {
    return this.#url.protocol === 'https:';
  }

  #open(length: number): ClientRequest {
    const { encoding, gzip, headers } = this.#options;
    const options = {
      method: 'POST',
      agent: this.#agent,
      headers: {
        ...headers,
        'content-type': encoding === 'protobuf' ? 'application/x-protobuf' : 'application/json',
        'content-length': length,
        ...(gzip ? { 'content-encoding': 'gzip' } : {}),
      },
    };
    return this.#isSecure ? httpsRequest(this.#url, options) : httpRequest(this.#url, options);
  }

  #outcomeOf({ statusCode = 0 }: IncomingMessage, answer: Buffer): Outcome {
    if (statusCode >= 200 && statusCode < 300) {
      return { kind: 'acknowledged', rejectedSpans: rejectedSpans(answer, this.#options.encoding) };
    }
    return { kind: 'rejected', isRetryable: RETRYABLE.has(statusCode), answer: `HTTP ${statusCode}` };
  }
}
