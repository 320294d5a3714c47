import { z } from 'zod';
import { WaybillError } from '../model/errors.ts';
import type { DeadLetterPlace } from '../query/dead-letters/list.ts';
import type { LogPlace } from '../query/logs.ts';
import type { OrderPlace } from '../query/orders.ts';
import type { TracePlace } from '../query/traces/candidates.ts';

const place = z.object({ openedMs: z.string().regex(/^-?\d{1,17}$/), orderId: z.string().max(256) });
const logPlace = z.object({ time: z.string().regex(/^-?\d{1,19}$/), recordId: z.string().regex(/^\d{1,20}$/) });
const letterPlace = z.object({ seenAt: z.string().regex(/^-?\d{1,19}$/), id: z.string().regex(/^[0-9a-f]{16}$/) });
const tracePlace = z.object({ start: z.string().regex(/^-?\d{1,19}$/), traceId: z.string().regex(/^[0-9a-f]{32}$/) });

/** Writes a place of the orders list as opaque text. */
export function encodeCursor(at: OrderPlace): string {
  return Buffer.from(JSON.stringify({ openedMs: at.openedMs, orderId: at.orderId })).toString('base64url');
}

/** Reads a cursor; text that this server did not write is refused. */
export function decodeCursor(text: string): OrderPlace {
  return decode(text, place);
}

/** Writes a place of the list of log records as opaque text. */
export function encodeLogCursor({ time, recordId }: LogPlace): string {
  return Buffer.from(JSON.stringify({ time, recordId })).toString('base64url');
}

/** Reads a cursor of the list of log records. */
export function decodeLogCursor(text: string): LogPlace {
  return decode(text, logPlace);
}

/** Writes a place of the list of dead letters as opaque text. */
export function encodeLetterCursor({ seenAt, id }: DeadLetterPlace): string {
  return Buffer.from(JSON.stringify({ seenAt, id })).toString('base64url');
}

/** Reads a cursor of the list of dead letters. */
export function decodeLetterCursor(text: string): DeadLetterPlace {
  return decode(text, letterPlace);
}

/** Writes a place of the list of traces as opaque text. */
export function encodeTraceCursor({ start, traceId }: TracePlace): string {
  return Buffer.from(JSON.stringify({ start: String(start), traceId })).toString('base64url');
}

/** Reads a cursor of the list of traces. */
export function decodeTraceCursor(text: string): TracePlace {
  const { start, traceId } = decode(text, tracePlace);
  return { start: BigInt(start), traceId };
}

function decode<Place extends z.ZodType>(text: string, shape: Place): z.output<Place> {
  try {
    return shape.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
  } catch (cause) {
    throw new WaybillError('invalid_argument', 'the cursor is not one that this API gave out', {
      remedy: 'start again without a cursor',
      cause,
    });
  }
}
