import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { waybillConfig } from './waybill-config.ts';

describe("the configuration of the demo's Waybill", () => {
  it('keeps everything on loopback', () => {
    const text = waybillConfig('/d', '/l.yaml', { http: 8080, otlpHttp: 4318, otlpGrpc: 4317, metrics: 9464 });
    expect(parse(text)).toEqual({
      dataDir: '/d',
      lifecycle: { file: '/l.yaml' },
      http: { host: '127.0.0.1', port: 8080 },
      otlp: { http: { host: '127.0.0.1', port: 4318 }, grpc: { host: '127.0.0.1', port: 4317 } },
      metrics: { prometheus: { host: '127.0.0.1', port: 9464 } },
      binding: { aliases: ['mes.job.id'], urlTemplates: ['/orders/{orderId}', '/orders/{orderId}/**'] },
    });
  });
});
