import { z } from 'zod';
import { statusBreakdown } from './breakdown.ts';
import { milliseconds } from './primitives.ts';

/** A name in the languages of the product. */
export const label = z.object({ ru: z.string(), en: z.string() });

/** Durations of what ended. */
const completed = z
  .object({
    count: z.number().int(),
    meanMs: milliseconds.nullable(),
    medianMs: milliseconds.nullable(),
    p95Ms: milliseconds.nullable(),
  })
  .describe('visits that ended; biased low while orders are open');

/** Durations of what ended and of what is open, together. */
const estimated = z
  .object({
    meanMs: milliseconds.nullable().describe('restricted to the largest observed time'),
    medianMs: milliseconds.nullable(),
    p95Ms: milliseconds
      .nullable()
      .describe('null where the curve does not come down to 5 %; then p95AtLeastMs says how far it goes'),
    p95LowMs: milliseconds.nullable(),
    p95HighMs: milliseconds.nullable(),
    p95AtLeastMs: milliseconds.nullable(),
  })
  .describe('Kaplan–Meier over completed and open visits, with a 95 % confidence interval: the number to trust');

/** Figures of one status; quantiles are type 7 (linear interpolation) over exits in the window. */
export const statusFigures = z.object({
  status: z.string(),
  system: z.string().nullable(),
  label,
  targetMs: milliseconds.nullable(),
  final: z.boolean(),
  completed,
  estimated,
  open: z
    .object({
      count: z.number().int(),
      p50AgeMs: milliseconds.nullable(),
      p95AgeMs: milliseconds.nullable(),
      maxAgeMs: milliseconds.nullable(),
      overTarget: z.number().int().describe('open visits older than the target'),
    })
    .describe('orders in the status now'),
  deadLetterOrders: z.number().int().describe('orders in the status with unresolved dead letters'),
  clockAnomalies: z.number().int().describe('times of entry that cannot be right, since clocks disagree'),
  breakdown: statusBreakdown.nullable().describe('where the time goes; null where no visit has a breakdown yet'),
});

/** Traffic along one edge of the status map; `from` is null for orders that start in `to`. */
export const edgeFigures = z.object({
  from: z.string().nullable(),
  to: z.string(),
  count: z.number().int(),
  allowed: z.boolean().describe('whether the lifecycle has this edge; a disallowed one is a deviation'),
});

/** `GET /api/statuses`. */
export const statuses = z.object({
  lifecycle: z.object({ name: z.string(), version: z.string() }),
  quantile: z.literal('type7'),
  time: z
    .enum(['wall', 'working'])
    .describe(
      'what durations and ages are measured in; targets stay as the lifecycle says and are compared in the same time',
    ),
  exact: z
    .boolean()
    .describe('false where durations were rounded by at most 1 % because there are more than 250,000 visits'),
  statuses: z.array(statusFigures).describe('in the order of the lifecycle, unknown statuses last'),
  edges: z.array(edgeFigures),
  leadTime: z
    .object({
      completed,
      estimated,
      outcomes: z.array(
        z.object({
          status: z.string(),
          orders: z.number().int(),
          probability: z
            .number()
            .describe('share of orders that end there, open ones taken into account (Aalen–Johansen)'),
        }),
      ),
      targetMs: milliseconds.nullable().describe('longest lead time that counts as good, as the lifecycle names it'),
    })
    .describe('whole orders, from the first status to the final one'),
  orders: z.object({
    total: z.number().int(),
    open: z.number().int(),
    closed: z.number().int(),
    deviating: z.number().int(),
  }),
});

/** Query of `GET /api/statuses`: the window of entries that are counted; default everything. */
export const statusesQuery = z.object({
  since: z
    .string()
    .optional()
    .describe('RFC 3339; completed figures count only visits that ended at or after this time'),
  attribute: z
    .string()
    .max(256)
    .optional()
    .describe('with `value`: only orders that are described so, such as order.channel and web'),
  value: z.string().max(256).optional(),
  at: z.string().optional().describe('RFC 3339; everything as it was known at this time; default: now'),
  time: z
    .enum(['wall', 'working'])
    .optional()
    .describe('working: durations count only the working hours of the calendar of the lifecycle, which it must have'),
});

/** `GET /api/lifecycle`: the lifecycle in force. */
export const lifecycle = z.object({
  name: z.string(),
  version: z.string(),
  label,
  initial: z.string().describe('with regions, where the first one starts'),
  targetMs: milliseconds.nullable().describe('longest lead time that counts as good'),
  regions: z
    .array(
      z.object({
        id: z.string(),
        label,
        initial: z.string(),
        startsWhen: z
          .array(z.string())
          .describe('statuses of other regions in which it may begin, one of each region named; empty: from the start'),
        optional: z.boolean().describe('an order may be complete without it'),
      }),
    )
    .describe('machines that an order goes through in parallel; empty where there is one'),
  systems: z.array(z.object({ id: z.string(), label })),
  statuses: z.array(
    z.object({
      id: z.string(),
      system: z.string(),
      region: z.string().nullable().describe('null without regions'),
      label,
      targetMs: milliseconds.nullable(),
      final: z.boolean(),
    }),
  ),
  transitions: z.array(
    z.object({
      from: z.string(),
      to: z.string(),
      requires: z
        .array(z.string())
        .describe('guard: statuses of other regions, one of each region named there; empty: always allowed'),
    }),
  ),
  calendar: z
    .object({ zone: z.string().describe('IANA time zone') })
    .nullable()
    .describe('null where the lifecycle has no working hours; then there is no working time either'),
});

export type Label = z.infer<typeof label>;
export type StatusFigures = z.infer<typeof statusFigures>;
export type EdgeFigures = z.infer<typeof edgeFigures>;
export type Statuses = z.infer<typeof statuses>;
export type StatusesQuery = z.infer<typeof statusesQuery>;
export type Lifecycle = z.infer<typeof lifecycle>;
