import { request } from 'node:http';
import { afterEach, expect, it } from 'vitest';
import { endEverything, temporaryDirectory, Waybill } from './harness.ts';

afterEach(endEverything);

/** Status of a request that names the server as given; fetch does not let a caller set the Host header. */
function statusFor(base: string, host: string, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    request(new URL(path, base), { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
}

it('answers under localhost, addresses and configured names, and under no other', async () => {
  const waybill = await Waybill.start({
    dataDir: await temporaryDirectory(),
    more: { http: { port: 0, allowedHosts: ['waybill.company.example'] } },
  });
  for (const path of ['/api/orders', '/api/transitions', '/']) {
    expect(await statusFor(waybill.http, 'evil.example:8080', path), path).toBe(403);
  }
  for (const host of ['localhost:8080', '127.0.0.1', 'waybill.company.example']) {
    expect(await statusFor(waybill.http, host, '/api/orders'), host).toBe(200);
  }
});
