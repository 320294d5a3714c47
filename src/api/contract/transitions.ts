import { z } from 'zod';
import { orderId, timestamp } from './primitives.ts';

/** One reported transition: an order entered a status. */
export const transitionReport = z
  .object({
    orderId,
    status: z.string().min(1).max(256),
    occurredAt: z.iso.datetime({ offset: true }).describe("RFC 3339 with any offset; the reporter's clock"),
    source: z.string().min(1).max(256).default('api').describe('who reports: a system or service name'),
    id: z
      .string()
      .min(1)
      .max(256)
      .optional()
      .describe('idempotency id: the same id from the same source counts once; derived from the content when absent'),
  })
  .strict();

/** Body of `POST /api/transitions`: one report or up to 1,000. */
export const transitionReports = z.union([
  transitionReport,
  z.object({ transitions: z.array(transitionReport).min(1).max(1000) }).strict(),
]);

/** Answer of `POST /api/transitions` (202): the reports are durable; the orders are refolded shortly after. */
export const transitionsAccepted = z.object({ accepted: z.number().int(), observedAt: timestamp });

export type TransitionReport = z.infer<typeof transitionReport>;
