import { createHash } from 'node:crypto';

/**
 * A number drawn from a text: the same text always draws the same number.
 * @returns at least 0 and below 1, evenly spread over different texts.
 */
export function draw(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0) / 2 ** 32;
}

/** Picks one of the items by a text; the same text always picks the same one. The list must not be empty. */
export function pick<T>(items: readonly [T, ...T[]], text: string): T {
  return items[Math.floor(draw(text) * items.length)] ?? items[0];
}
