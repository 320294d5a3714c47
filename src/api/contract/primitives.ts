import { z } from 'zod';

/** A point in time as RFC 3339 text in UTC, with nanoseconds where the sender gave them: `2026-11-22T17:03:30.123456789Z`. */
export const timestamp = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z$/)
  .describe('RFC 3339, UTC, up to nanoseconds');

/** A length of time in milliseconds; fractions carry the nanoseconds. */
export const milliseconds = z.number().describe('milliseconds, with fractions');

/** A trace id: 32 lower-case hexadecimal digits (W3C Trace Context). */
export const traceId = z
  .string()
  .regex(/^[0-9a-f]{32}$/)
  .describe('32 lower-case hexadecimal digits');

/** A span id: 16 lower-case hexadecimal digits (W3C Trace Context). */
export const spanId = z
  .string()
  .regex(/^[0-9a-f]{16}$/)
  .describe('16 lower-case hexadecimal digits');

/** The canonical id of an order: 1 to 256 characters. */
export const orderId = z.string().min(1).max(256);

/** The opaque place to continue a list from; comes from `nextCursor` of the page before. */
export const cursor = z.string().min(1).max(1024);
