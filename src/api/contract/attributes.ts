import { z } from 'zod';

/** `GET /api/attributes`: what describes orders, for splitting figures by it. */
export const attributes = z.object({
  attributes: z
    .array(
      z.object({
        name: z.string(),
        values: z.array(z.object({ value: z.string(), orders: z.number().int() })).describe('most frequent first'),
        valuesLeftOut: z.number().int().describe('values that are not listed'),
      }),
    )
    .describe('the names with the most orders first; at most 50 names with 50 values each'),
});

export type Attributes = z.infer<typeof attributes>;
