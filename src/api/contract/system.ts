import { z } from 'zod';
import { milliseconds, timestamp } from './primitives.ts';

/** `GET /api/health/live` and `/ready`. */
export const health = z.object({
  status: z.enum(['ok', 'starting', 'unavailable']),
  checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })),
});

/** `GET /api/system`: how far behind Waybill itself is and what it had to refuse or drop. */
export const system = z.object({
  version: z.string(),
  now: timestamp,
  startedAt: timestamp,
  ingest: z.object({
    spansAccepted: z.number().int(),
    spansRefused: z.number().int(),
    requestsRefused: z.number().int(),
    redactedValues: z.number().int().describe('values replaced because their key must not be stored'),
  }),
  journal: z.object({
    segments: z.number().int().describe('segments waiting for the store'),
    bytes: z.number().int(),
    limitBytes: z.number().int(),
    lagMs: milliseconds.describe('age of the oldest segment that is not in the store yet; 0 when none'),
  }),
  projector: z.object({
    lagMs: milliseconds,
    refoldedOrders: z.number().int(),
    failures: z.number().int(),
    rejudging: z.number().int().describe('orders that wait to be judged by a changed lifecycle'),
  }),
  store: z.object({ embedded: z.boolean(), ok: z.boolean(), restarts: z.number().int() }),
  drops: z
    .array(z.object({ what: z.string(), count: z.number().int() }))
    .describe('everything dropped since start, by cause'),
});

/** `GET /api/search?text=`: what a text could mean; at most 20 results. */
export const searchQuery = z.object({ text: z.string().min(1).max(256) });
export const searchResults = z.object({
  results: z.array(
    z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('order'), orderId: z.string(), status: z.string().nullable(), matched: z.string() }),
      z.object({ kind: z.literal('trace'), traceId: z.string(), rootService: z.string(), rootName: z.string() }),
    ]),
  ),
});

export type Health = z.infer<typeof health>;
export type System = z.infer<typeof system>;
export type SearchResults = z.infer<typeof searchResults>;
