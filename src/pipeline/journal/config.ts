import { z } from 'zod';

/** Configuration of the journal. */
export const journalConfig = z
  .object({
    maxBytes: z
      .number()
      .int()
      .min(1024 * 1024)
      .default(4 * 1024 ** 3)
      .describe(
        'bytes of segments on disk at which senders get a retryable refusal; default 4 GiB, about an hour of 10,000 spans/s',
      ),
    maxQueuedBytes: z
      .number()
      .int()
      .min(1024 * 1024)
      .default(256 * 1024 ** 2)
      .describe('bytes of batches waiting for an fsync at which senders get a retryable refusal'),
    segmentBytes: z
      .number()
      .int()
      .min(64 * 1024)
      .default(32 * 1024 ** 2)
      .describe('size at which a segment is sealed and handed to the loader'),
    segmentRows: z
      .number()
      .int()
      .min(1)
      .default(100_000)
      .describe(
        'rows at which a segment is sealed; twice as many rows cost the store a tenth less each and have a larger part than merges like',
      ),
    segmentAgeMs: z
      .number()
      .int()
      .min(10)
      .max(60_000)
      .default(1000)
      .describe(
        'age in milliseconds at which a segment is sealed even if small, as soon as the store has taken the one before it; bounds the freshness of the pages, and a shorter one costs more CPU',
      ),
  })
  .strict();

export type JournalConfig = z.infer<typeof journalConfig>;
