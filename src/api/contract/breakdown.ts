import { z } from 'zod';
import { milliseconds, orderId, timestamp } from './primitives.ts';

/** What a visit consists of. */
export const breakdown = z
  .object({
    services: z
      .array(z.object({ service: z.string(), ms: milliseconds }))
      .describe(
        'time in which each service worked for the order, longest first: its spans without those they wait for; an answered call is time of its callee',
      ),
    queueMs: milliseconds.describe('a message waited in a queue, and nobody worked meanwhile'),
    externalMs: milliseconds.describe('calls that no span of another service answers, such as databases'),
    externals: z
      .array(z.object({ name: z.string(), ms: milliseconds }))
      .describe('the same by whom was called, longest first; calls at the same time count for each'),
    idleMs: milliseconds.describe('nobody worked, called or waited in a queue, as far as spans tell; exact'),
    spanCount: z.number().int().describe('spans of the order that overlap the visit'),
    anomalyCount: z.number().int().describe('signs of wrong clocks among them; they count no time'),
  })
  .describe('services that work at the same time count each, so the parts may add up to more than the visit');

/** `GET /api/orders/{orderId}/breakdown`. */
export const orderBreakdown = z.object({
  orderId,
  visits: z
    .array(
      z.object({
        status: z.string(),
        enteredAt: timestamp,
        leftAt: timestamp.nullable().describe('null for an open visit; its breakdown goes up to now'),
        lengthMs: milliseconds.describe('of an open visit: up to now'),
        breakdown: breakdown
          .nullable()
          .describe('null where no span of the order is known, and for an order that stays in a final status'),
      }),
    )
    .describe('in the order of `visits` of the order'),
  spanCount: z.number().int().describe('spans of the order that were read'),
  truncated: z
    .boolean()
    .describe('true where the order has more spans than are read; then some are missing in the figures'),
});

/** What completed visits of a status consist of on average. */
export const statusBreakdown = z
  .object({
    visits: z.number().int().describe('visits in the figures; the newest 50,000 of all statuses in the window at most'),
    coverage: z
      .number()
      .describe(
        'share of the completed visits of the same time that have a breakdown; orders without traces have none',
      ),
    meanMs: milliseconds.describe('mean dwell of these visits'),
    services: z
      .array(
        z.object({
          service: z.string(),
          meanMs: milliseconds,
          share: z.number().describe('of the mean dwell; parallel work may bring the sum of all shares above 1'),
        }),
      )
      .describe('longest first; a visit without work of the service counts as 0'),
    queueMeanMs: milliseconds,
    queueShare: z.number(),
    externalMeanMs: milliseconds,
    externalShare: z.number(),
    idleMeanMs: milliseconds,
    idleShare: z.number(),
  })
  .describe('computed some ten seconds after the end of a visit');

export type VisitBreakdown = z.infer<typeof breakdown>;
export type OrderBreakdown = z.infer<typeof orderBreakdown>;
export type StatusBreakdown = z.infer<typeof statusBreakdown>;
