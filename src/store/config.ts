import { z } from 'zod';
import { Secret } from '../model/secret.ts';

const MEBIBYTE = 1024 * 1024;

/** Where the store is and what it may use. Without `url` it is embedded in the data directory. */
export const storeConfigSchema = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/ })
      .refine((text) => !URL.canParse(text) || isBare(new URL(text)), {
        message: 'the URL has only a host, a port and a path: user and password are `user` and `password` beside it',
      })
      .optional()
      .describe('URL of the HTTP interface of a ClickHouse server or cluster; absent: the store is embedded'),
    user: z.string().min(1).optional().describe('User at `url`; default: "default"'),
    password: z
      .string()
      .transform((text) => new Secret(text))
      .optional()
      .describe('Password at `url`; give it as ${env:NAME}'),
    database: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/)
      .default('waybill')
      .describe('Database, created when it is missing; letters, digits and underscores, at most 64'),
    retentionDays: z
      .int()
      .min(1)
      .max(3650)
      .default(30)
      .describe('Days that spans, log records and data points are kept after they were received, 1 to 3650'),
    maxMemoryBytes: z
      .int()
      .min(512 * MEBIBYTE)
      .max(1024 * 1024 * MEBIBYTE)
      .default(2048 * MEBIBYTE)
      .describe('Memory of the embedded store in bytes, at least 512 MiB; no meaning with `url`'),
  })
  .refine((config) => config.url !== undefined || (config.user === undefined && config.password === undefined), {
    message: '`user` and `password` belong to a `url`; the embedded store needs neither',
  });

function isBare({ username, password, search, hash }: URL): boolean {
  return username === '' && password === '' && search === '' && hash === '';
}

export type StoreConfig = z.infer<typeof storeConfigSchema>;
