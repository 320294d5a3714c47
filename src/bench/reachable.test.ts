import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { checkReachable } from './reachable.ts';

const servers: Server[] = [];
const HERE = { api: undefined, pid: process.pid };

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A server that answers everything with a text, and its URL. */
async function answering(text: string): Promise<string> {
  const server = createServer((_request, response) => response.end(text));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it('is content with a target that listens', async () => {
  await expect(checkReachable(await answering(''), HERE)).resolves.toBeUndefined();
});

/** A URL at which nobody listens any more. */
async function closed(): Promise<string> {
  const url = await answering('');
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
  return url;
}

it('says that nobody listens at the target, and what a target is', async () => {
  const target = await closed();
  await expect(checkReachable(target, HERE)).rejects.toMatchObject({
    code: 'invalid_argument',
    message: `nobody listens at ${target} (ECONNREFUSED)`,
    remedy: expect.stringContaining('--target') as unknown,
  });
});

it('says that nobody answers where the API should be', async () => {
  const api = await closed();
  await expect(checkReachable(await answering(''), { api, pid: undefined })).rejects.toMatchObject({
    code: 'invalid_argument',
    message: `${api} is not the API of a Waybill (ECONNREFUSED)`,
  });
});

it('knows what is no URL, and an API of something else', async () => {
  const other = await answering('{"status":"UP"}');
  for (const api of ['here', other])
    await expect(checkReachable(other, { api, pid: undefined })).rejects.toMatchObject({ code: 'invalid_argument' });
});

it('says that there is no such process', async () => {
  // Above what Linux gives at most.
  const pid = 2 ** 22 + 1;
  await expect(checkReachable(await answering(''), { api: undefined, pid })).rejects.toMatchObject({
    message: `there is no process ${pid} on this machine`,
  });
});
