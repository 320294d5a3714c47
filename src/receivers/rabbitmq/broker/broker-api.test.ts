import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Secret } from '../../../model/secret.ts';
import { ManagementApi, MetricsApi } from './broker-api.ts';
import { BrokerError, type BrokerFailure } from './http-text.ts';

const BOUNDS = { timeoutMs: 5000, maxAnswerBytes: 100_000 };
const never = new AbortController().signal;

let server: Server | undefined;

/** Starts a server that answers so; returns its URL. */
async function answering(listener: RequestListener): Promise<string> {
  server = createServer(listener);
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const account = (url: string) => ({ url, user: 'tracer', password: new Secret('hidden-7') });

async function failureOf(work: Promise<unknown>): Promise<BrokerFailure['kind']> {
  const error: unknown = await work.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (!(error instanceof BrokerError)) throw new Error('no BrokerError');
  expect(JSON.stringify([error, error.message, error.stack, error.cause])).not.toContain('hidden-7');
  return error.failure.kind;
}

describe('questions to a broker', () => {
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });

  it('read queues page by page up to the bound, with the password in the header alone', async () => {
    const asked: string[] = [];
    const url = await answering((request, response) => {
      asked.push(request.url ?? '');
      expect(request.headers.authorization).toBe(`Basic ${Buffer.from('tracer:hidden-7').toString('base64')}`);
      const page = Number(new URL(request.url ?? '', 'http://x').searchParams.get('page'));
      const items = [1, 2].map((index) => ({
        name: `q${page}.${index}`,
        vhost: 'v/1',
        type: 'classic',
        durable: true,
      }));
      response.end(JSON.stringify({ items, page_count: 3, total_count: 6 }));
    });
    const found = await new ManagementApi(account(url), 'v/1', BOUNDS).queues(3, never);
    expect(found.queues.map(({ name }) => name)).toEqual(['q1.1', 'q1.2', 'q2.1']);
    expect(found.leftOut).toBe(3);
    expect(asked).toHaveLength(2);
    expect(asked[0]).toMatch(/^\/api\/queues\/v%2F1\?page=1&page_size=3&columns=name,/);
  });

  it('add up the nodes', async () => {
    const url = await answering((_request, response) => {
      response.end('rabbitmq_detailed_queue_messages_ready{vhost="/",queue="a"} 4\n');
    });
    const depths = await new MetricsApi([account(url), account(url)], BOUNDS).depths('/', never);
    expect(depths.map(({ ready }) => ready)).toEqual([4, 4]);
  });

  it('say why there is no answer, and nothing of what was answered', async () => {
    const statuses = { 401: 'wrong_credentials', 403: 'not_permitted', 404: 'refused', 500: 'refused' };
    for (const [status, kind] of Object.entries(statuses)) {
      const url = await answering((_request, response) => response.writeHead(Number(status)).end('hidden-7'));
      expect(await failureOf(new ManagementApi(account(url), '/', BOUNDS).bindings(never))).toBe(kind);
      server?.close();
    }
    const url = await answering((_request, response) => response.end('<html>hidden-7'));
    expect(await failureOf(new ManagementApi(account(url), '/', BOUNDS).exchanges(never))).toBe('not_understood');
    server?.closeAllConnections();
    server?.close();
    await new Promise((resolve) => server?.once('close', resolve));
    expect(await failureOf(new ManagementApi(account(url), '/', BOUNDS).exchanges(never))).toBe('unreachable');
  });

  it('do not follow to another address, which would get the password', async () => {
    const url = await answering((_request, response) =>
      response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
    );
    expect(await failureOf(new ManagementApi(account(url), '/', BOUNDS).bindings(never))).toBe('unreachable');
  });

  it('end when the answer is too long or does not come', async () => {
    const long = await answering((_request, response) => response.end('x'.repeat(200_000)));
    expect(await failureOf(new ManagementApi(account(long), '/', BOUNDS).bindings(never))).toBe('too_large');
    server?.close();
    const silent = await answering(() => undefined);
    const impatient = { ...BOUNDS, timeoutMs: 100 };
    expect(await failureOf(new ManagementApi(account(silent), '/', impatient).bindings(never))).toBe('timeout');
  });
});
