import { z } from 'zod';

/** Every code that an error answer of the API can carry; clients may branch on it. */
export const errorCode = z.enum([
  'bad_request',
  'forbidden',
  'not_found',
  'conflict',
  'too_large',
  'overloaded',
  'store_unavailable',
  'internal',
]);

/** The body of every answer with a 4xx or 5xx status. */
export const errorBody = z.object({
  error: z.object({
    code: errorCode,
    message: z.string().describe('what is wrong, for a person'),
    remedy: z.string().optional().describe('what to do about it'),
    retryable: z.boolean().describe('whether the same request may succeed later'),
  }),
});

export type ErrorCode = z.infer<typeof errorCode>;
export type ErrorBody = z.infer<typeof errorBody>;
