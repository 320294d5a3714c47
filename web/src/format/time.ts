import type { Language } from '../i18n/language.ts';

/** Milliseconds since the epoch with the nanoseconds as fraction; `at` is a timestamp of the API (RFC 3339, UTC). */
export function epochMs(at: string): number {
  const fraction = at.length > 20 ? Number(`0.${at.slice(20, -1)}`) : 0;
  return Date.parse(`${at.slice(0, 19)}Z`) + fraction * 1000;
}

function zoneName(date: Date, language: Language): string {
  const parts = new Intl.DateTimeFormat(language, { timeZoneName: 'shortOffset' }).formatToParts(date);
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? 'UTC';
}

const two = (value: number): string => String(value).padStart(2, '0');

/** The point in time in the viewer's zone with every digit the sender gave: `2026-11-22 20:03:30.123456789 GMT+3`. */
export function formatExact(at: string, language: Language): string {
  const date = new Date(epochMs(at));
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  const fraction = at.length > 20 ? `.${at.slice(20, -1)}` : '';
  return `${day} ${time}${fraction} ${zoneName(date, language)}`;
}

/** Date and time to the second in the viewer's zone; the year only where it is not the year of `now`. Units `ms`. */
export function formatDateTime(atMs: number, nowMs: number, language: Language): string {
  const sameYear = new Date(atMs).getFullYear() === new Date(nowMs).getFullYear();
  return new Intl.DateTimeFormat(language, {
    day: 'numeric',
    month: 'short',
    ...(sameYear ? {} : { year: 'numeric' }),
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  }).format(atMs);
}

const STEPS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['year', 365 * 86_400_000],
  ['month', 30 * 86_400_000],
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
];

/** How long ago `atMs` was, in the largest fitting unit: `3 hr. ago`. Units `ms`. */
export function formatRelative(atMs: number, nowMs: number, language: Language): string {
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'short' });
  const delta = atMs - nowMs;
  for (const [unit, length] of STEPS) {
    if (Math.abs(delta) >= length) return format.format(Math.trunc(delta / length), unit);
  }
  return format.format(0, 'second');
}

/** A timestamp of the API as a field of type `datetime-local` holds it: the viewer's zone, to the minute. */
export function localInput(at: string): string {
  const date = new Date(epochMs(at));
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** The label of an axis tick: as fine as the step between ticks needs. Units `ms`. */
export function formatTick(atMs: number, stepMs: number, language: Language): string {
  const clock = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
  if (stepMs >= 86_400_000) return new Intl.DateTimeFormat(language, { day: 'numeric', month: 'short' }).format(atMs);
  if (stepMs >= 3_600_000) {
    return new Intl.DateTimeFormat(language, { day: 'numeric', month: 'short', ...clock }).format(atMs);
  }
  if (stepMs >= 60_000) return new Intl.DateTimeFormat(language, clock).format(atMs);
  if (stepMs >= 1000) return new Intl.DateTimeFormat(language, { ...clock, second: '2-digit' }).format(atMs);
  return new Intl.DateTimeFormat(language, { ...clock, second: '2-digit', fractionalSecondDigits: 3 }).format(atMs);
}
