import { z } from 'zod';

/** How machines get Waybill's metrics: they scrape them, or Waybill pushes them, or both. */
export const metricsConfigSchema = z.strictObject({
  prometheus: z
    .strictObject({
      enabled: z
        .boolean()
        .default(true)
        .describe('Whether to serve `/metrics` for Prometheus and OpenMetrics scrapers'),
      host: z
        .string()
        .min(1)
        .default('127.0.0.1')
        .describe('Address to listen on; loopback by default, because scrapers are not authenticated'),
      port: z.int().min(0).max(65_535).default(9464).describe('TCP port; 0 lets the system choose'),
    })
    .prefault({}),
  otlp: z
    .strictObject({
      url: z
        .url({ protocol: /^https?$/ })
        .optional()
        .describe(
          'Where to push metrics as OTLP over HTTP, such as `http://collector:4318/v1/metrics`; absent: nowhere',
        ),
      intervalMs: z.int().min(1000).max(3_600_000).default(60_000).describe('Milliseconds between two pushes'),
    })
    .prefault({}),
});

export type MetricsConfig = z.infer<typeof metricsConfigSchema>;
