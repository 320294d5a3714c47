import type { Death, DeathReason } from '../../model/message.ts';
import type { UnixNano } from '../../model/units.ts';
import { asInteger, asTable, asText, asTexts, type FieldTable } from './field-values.ts';

/** Entries of `x-death` that are read. */
const MAX_DEATHS = 32;

const REASONS: ReadonlySet<string> = new Set(['rejected', 'expired', 'maxlen', 'delivery_limit']);

function isReason(text: string): text is DeathReason {
  return REASONS.has(text);
}

/** Seconds since 1970 that can be stored; later ones are no time. */
const MAX_SECONDS = 9_000_000_000;

/**
 * Reads `x-death`: newest first, one entry per queue and reason. Empty where the header is missing; what a client wrote over it is skipped
 * entry by entry.
 */
export function readDeaths(headers: FieldTable): Death[] {
  const entries = headers['x-death'];
  if (!Array.isArray(entries)) return [];
  return entries
    .slice(0, MAX_DEATHS)
    .map(asTable)
    .filter((entry) => entry !== undefined)
    .map((entry) => {
      const reason = asText(entry['reason']) ?? '';
      return {
        reason: isReason(reason) ? reason : 'unknown',
        queue: asText(entry['queue']) ?? '',
        exchange: asText(entry['exchange']) ?? '',
        routingKeys: asTexts(entry['routing-keys']),
        count: Math.max(1, asInteger(entry['count']) ?? 1),
        firstAt: secondsToNano(asInteger(entry['time'])),
      };
    });
}

/** The first death of a message: what `x-first-death-*` names, else the oldest entry. Undefined where it never died. */
export function firstDeath(headers: FieldTable, deaths: readonly Death[]): Death | undefined {
  const queue = asText(headers['x-first-death-queue']);
  const reason = asText(headers['x-first-death-reason']);
  // A message that died in a cycle has moved its first entry to the front.
  return deaths.find((death) => death.queue === queue && death.reason === reason) ?? deaths.at(-1);
}

function secondsToNano(seconds: number | undefined): UnixNano | null {
  if (seconds === undefined || seconds <= 0 || seconds > MAX_SECONDS) return null;
  return BigInt(seconds) * 1_000_000_000n;
}
