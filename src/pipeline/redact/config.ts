import { z } from 'zod';

/** Configuration of the redact stage. */
export const redactConfig = z
  .object({
    keys: z
      .array(z.string().min(1).max(256))
      .max(1000)
      .default([])
      .describe('attribute names whose values are never stored, besides the built-in ones (exact, case-sensitive)'),
  })
  .strict();

export type RedactConfig = z.infer<typeof redactConfig>;
