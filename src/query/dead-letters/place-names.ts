import { z } from 'zod';

/** Why a message died, as the store says it. */
export const reasonText = z.enum(['rejected', 'expired', 'maxlen', 'delivery_limit', 'unknown']).catch('unknown');

/** Column `names` of `standingsSql`. */
export const placeNames = z
  .string()
  .transform((text) => z.tuple([z.string(), z.string(), z.string(), z.string(), reasonText]).parse(JSON.parse(text)))
  .transform(([broker, vhost, queue, originQueue, reason]) => ({ broker, vhost, queue, originQueue, reason }));
