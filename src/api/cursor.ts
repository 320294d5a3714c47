import { z } from 'zod';
import { WaybillError } from '../model/errors.ts';
import type { OrderPlace } from '../query/orders.ts';

const place = z.object({ openedMs: z.string().regex(/^-?\d{1,17}$/), orderId: z.string().max(256) });

/** Writes a place of the orders list as opaque text. */
export function encodeCursor(at: OrderPlace): string {
  return Buffer.from(JSON.stringify({ openedMs: at.openedMs, orderId: at.orderId })).toString('base64url');
}

/** Reads a cursor; text that this server did not write is refused. */
export function decodeCursor(text: string): OrderPlace {
  try {
    return place.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
  } catch (cause) {
    throw new WaybillError('invalid_argument', 'the cursor is not one that this API gave out', {
      remedy: 'start again without a cursor',
      cause,
    });
  }
}
