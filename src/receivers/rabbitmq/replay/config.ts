import { z } from 'zod';
import { Secret } from '../../../model/secret.ts';
import { amqpUrl } from '../amqp-url.ts';

/** Configuration of putting dead letters back; off by default. */
export const replaySchema = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe(
        'whether dead letters may be put back into the queue where they died, one by one, by who has the token',
      ),
    token: z
      .string()
      .min(16, { error: 'must have at least 16 characters; give it as ${env:NAME}' })
      .transform((text) => new Secret(text))
      .optional()
      .describe('what callers must send as `Authorization: Bearer`; give it as ${env:NAME}'),
    url: amqpUrl
      .optional()
      .describe('URL of the broker with a user of its own, that may read dead-letter queues and write; default: `url`'),
  })
  .refine(({ enabled, token }) => !enabled || token !== undefined, {
    error: 'needs a token: set replay.token to ${env:NAME}',
    path: ['token'],
  })
  .prefault({})
  .describe('Putting dead letters back to where they died; the only thing that Waybill ever changes at a broker.');
