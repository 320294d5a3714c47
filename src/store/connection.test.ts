import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { WaybillError } from '../model/errors.ts';
import { StoreClient } from './client.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

describe('a connection to a store', () => {
  let server: Server | undefined;
  let client: StoreClient | undefined;

  afterEach(() => {
    client?.close();
    server?.closeAllConnections();
    server?.close();
  });

  /** A client of what answers each statement with the next of these, and its last one from then on. */
  async function clientOf(...answers: Answer[]): Promise<StoreClient> {
    const left = [...answers];
    const started = createServer((request, response) => {
      request.resume().on('end', () => (left.length > 1 ? left.shift() : left[0])?.(request, response));
    });
    await new Promise<void>((resolve) => void started.listen(0, '127.0.0.1', resolve));
    server = started;
    client = new StoreClient({ url: `http://127.0.0.1:${(started.address() as AddressInfo).port}`, database: 'd' });
    return client;
  }

  const row: Answer = (_, response) => void response.end('{"n":1}\n');
  const cut: Answer = (request) => void request.socket.destroy();

  it('asks again where the server closes an idle connection in the moment of its use', async () => {
    const asked = await clientOf(row, cut, row);
    expect(await asked.query('SELECT 1')).toEqual([{ n: 1 }]);
    expect(await asked.query('SELECT 1')).toEqual([{ n: 1 }]);
  });

  it('does not insert again by itself, and asks only once more', async () => {
    const filled = await clientOf(row, cut, row);
    await filled.query('SELECT 1');
    await expect(filled.insertRows('t', [{ n: 1 }])).rejects.toMatchObject({ code: 'store_unavailable' });
    filled.close();
    const cutOff = await clientOf(row, cut);
    await cutOff.query('SELECT 1');
    await expect(cutOff.query('SELECT 1')).rejects.toMatchObject({ code: 'store_unavailable', retryable: true });
  });

  it('does not take for an answer what was cut off', async () => {
    const asked = await clientOf((request, response) => {
      response.setHeader('Content-Length', 100);
      response.write('{"n":1}\n');
      setTimeout(() => request.socket.destroy(), 20);
    });
    await expect(asked.query('SELECT 1')).rejects.toMatchObject({ code: 'store_unavailable' });
  });

  it('reads compressed answers', async () => {
    const text = '{"n":1}\n'.repeat(1000);
    const asked = await clientOf((request, response) => {
      expect(request.headers['accept-encoding']).toBe('gzip');
      expect(request.url).toContain('enable_http_compression=1');
      response.setHeader('Content-Encoding', 'gzip');
      response.end(gzipSync(text));
    });
    expect(await asked.query('SELECT 1')).toHaveLength(1000);
  });

  it('says what answered in place of a store, without its page', async () => {
    const asked = await clientOf((_, response) => {
      response.statusCode = 502;
      response.end('<html>card 4111 1111</html>');
    });
    const failure = await asked.query('SELECT 1').catch((cause: unknown) => cause);
    expect(failure).toBeInstanceOf(WaybillError);
    expect(String(failure)).toContain('HTTP 502');
    expect(JSON.stringify(failure) + String(failure)).not.toContain('4111');
  });

  it.each([
    [{ 'X-ClickHouse-Exception-Code': '241' }, 'Memory limit', 'store_unavailable', '241'],
    [{}, 'Code: 60. DB::Exception: Table d.t does not exist. (UNKNOWN_TABLE) (version 26.1)', 'internal', 'Table d.t'],
    [
      {},
      'Code: 57. DB::Exception: on [h:1]: Code: 60. DB::Exception: Table q does not exist. (UNKNOWN_TABLE) (version 1). (UNKNOWN_TABLE)',
      'internal',
      'UNKNOWN_TABLE',
    ],
    [{}, 'Code: 62. DB::Exception: Syntax error: failed (2) here. (SYNTAX_ERROR)', 'internal', 'failed (2) here'],
  ])('knows a refusal by its header or its text', async (headers, text, code, words) => {
    const asked = await clientOf((_, response) => {
      response.writeHead(500, headers);
      response.end(text);
    });
    await expect(asked.query('SELECT 1')).rejects.toMatchObject({ code, message: expect.stringContaining(words) });
  });
});
