import { z } from 'zod';
import { Secret } from '../../model/secret.ts';

/** Whether a text is a URL of a protocol. */
export function isUrl(text: string, protocol: RegExp): boolean {
  return URL.canParse(text) && protocol.test(new URL(text).protocol);
}

/** A URL that carries a password: it never enters a message. */
export const amqpUrl = z
  .string()
  .refine((text) => isUrl(text, /^amqps?:$/), {
    error: 'must be like amqp://user:password@host:5672 or amqps://…; give the password as ${env:NAME}',
  })
  .transform((text) => new Secret(text));
