import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { waybillConfig } from './waybill-config.ts';

describe("the configuration of the demo's Waybill", () => {
  const ports = { http: 8080, otlpHttp: 4318, otlpGrpc: 4317, metrics: 9464 };

  it('watches the broker, and names the password without holding it', () => {
    const text = waybillConfig('/d', '/l.yaml', ports, {
      amqp: { host: '127.0.0.1', port: 5673, user: 'waybill' },
      password: 'hunter2',
      managementUrl: 'http://127.0.0.1:15673',
      prometheusUrl: 'http://127.0.0.1:15693',
    });
    expect(text).not.toContain('hunter2');
    expect(parse(text)).toMatchObject({
      rabbitmq: {
        brokers: [
          {
            url: 'amqp://waybill:${env:WAYBILL_DEMO_TRACER_PASSWORD}@127.0.0.1:5673',
            management: { url: 'http://127.0.0.1:15673' },
            prometheus: { urls: ['http://127.0.0.1:15693'] },
          },
        ],
      },
    });
  });

  it('keeps everything on loopback', () => {
    const text = waybillConfig('/d', '/l.yaml', ports, undefined);
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
