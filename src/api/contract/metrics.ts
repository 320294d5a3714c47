import { z } from 'zod';
import { milliseconds, spanId, timestamp, traceId } from './primitives.ts';

const metricType = z.enum(['gauge', 'sum', 'histogram', 'exponential_histogram', 'summary']);

/** `GET /api/metrics`: the metrics that services sent. */
export const metricList = z.object({
  metrics: z
    .array(
      z.object({
        name: z.string(),
        type: metricType,
        unit: z.string().describe('UCUM, as it was sent'),
        services: z.array(z.string()),
        lastSeenAt: timestamp,
      }),
    )
    .describe('by name'),
  truncated: z.boolean().describe('true when there are more than are listed'),
});

/** Query of `GET /api/metrics`. */
export const metricListQuery = z.object({
  service: z.string().max(256).optional(),
  text: z.string().min(1).max(256).optional().describe('only metrics whose name contains this text'),
});

/** Query of `GET /api/metrics/{name}`. */
export const metricQuery = z.object({
  service: z.string().max(256).optional(),
  since: z.string().max(64).optional().describe('RFC 3339; an hour before `until` when absent'),
  until: z.string().max(64).optional().describe('RFC 3339; now when absent'),
  step: z.coerce.number().int().min(1).max(86_400).optional().describe('seconds; about 120 steps when absent'),
  by: z.string().min(1).max(256).default('service').describe('`service`, the key of an attribute, or `none`'),
});

const figure = z.number().nullable();

/** `GET /api/metrics/{name}`: figures by group and step. */
export const metric = z.object({
  name: z.string(),
  type: metricType,
  unit: z.string(),
  description: z.string(),
  temporality: z.string(),
  figure: z
    .enum(['level', 'rate', 'distribution', 'quantiles'])
    .describe('which figures the points have: value, min, max; rate; rate, count, mean, p50, p95; quantiles'),
  since: timestamp,
  until: timestamp,
  stepMs: milliseconds,
  groups: z.array(
    z.object({
      group: z.string().describe('value of what the figures are split by; of a summary its service and attributes'),
      points: z
        .array(
          z.object({
            at: timestamp.describe('start of the step'),
            value: figure.describe('mean of a gauge; sum over series of a sum that can fall'),
            min: figure,
            max: figure,
            rate: figure.describe('growth per second: of a sum, or of the number of observations'),
            count: figure.describe('observations in the step'),
            mean: figure,
            p50: figure.describe('interpolated in buckets added up over the group'),
            p95: figure,
            quantiles: z.array(z.object({ quantile: z.number(), value: z.number() })),
          }),
        )
        .describe('steps without points are left out'),
    }),
  ),
  groupsLeftOut: z.number().int().describe('groups beyond 20'),
  truncated: z.boolean().describe('true when there were too many points: the oldest steps are missing'),
  exemplars: z
    .array(z.object({ at: timestamp, value: z.number(), traceId, spanId: spanId.nullable(), service: z.string() }))
    .describe('the newest observations of which the trace is known, at most 50'),
});

export type MetricList = z.infer<typeof metricList>;
export type Metric = z.infer<typeof metric>;
export type MetricQuery = z.infer<typeof metricQuery>;
