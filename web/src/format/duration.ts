import type { Language } from '../i18n/language.ts';

const UNITS = {
  en: { us: 'µs', ms: 'ms', s: 's', min: 'min', h: 'h', d: 'd' },
  ru: { us: 'мкс', ms: 'мс', s: 'с', min: 'мин', h: 'ч', d: 'д' },
} as const;

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NBSP = '\u00a0';

type Unit = keyof (typeof UNITS)['en'];

function one(value: number, unit: Unit, language: Language, digits: number): string {
  const text = new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value);
  return `${text}${NBSP}${UNITS[language][unit]}`;
}

function two(value: number, large: Unit, largeMs: number, small: Unit, smallMs: number, language: Language): string {
  const inSmall = Math.round(value / smallMs);
  const ratio = largeMs / smallMs;
  const whole = Math.floor(inSmall / ratio);
  const rest = inSmall - whole * ratio;
  const head = one(whole, large, language, 0);
  return rest === 0 ? head : `${head}${NBSP}${one(rest, small, language, 0)}`;
}

/** Digits after the point that leave three significant ones. */
function significant(value: number): number {
  return value >= 100 ? 0 : value >= 10 ? 1 : 2;
}

function belowMinute(ms: number, language: Language): string {
  if (ms === 0) return one(0, 'ms', language, 0);
  if (ms < 0.9995) return one(ms * 1000, 'us', language, significant(ms * 1000));
  if (ms < 999.5) return one(ms, 'ms', language, significant(ms));
  return one(ms / SECOND, 's', language, significant(ms / SECOND));
}

/**
 * Formats a length of time for reading: at most two neighbouring units (`3 h 12 min`), three significant digits below a minute.
 * Unit `ms`; negative lengths (clocks that disagree) keep their sign.
 */
export function formatDuration(ms: number, language: Language): string {
  if (ms < 0) return `−${formatDuration(-ms, language)}`;
  if (ms < 59_950) return belowMinute(ms, language);
  if (ms < HOUR - SECOND / 2) return two(ms, 'min', MINUTE, 's', SECOND, language);
  if (ms < DAY - MINUTE / 2) return two(ms, 'h', HOUR, 'min', MINUTE, language);
  return two(ms, 'd', DAY, 'h', HOUR, language);
}

/** Formats a length of time in one unit (`13.2 h`), for places without room for two. Unit `ms`. */
export function formatDurationCompact(ms: number, language: Language): string {
  if (ms < 0) return `−${formatDurationCompact(-ms, language)}`;
  if (ms < 59_950) return belowMinute(ms, language);
  const pick = (value: number, unit: Unit): string => one(value, unit, language, value >= 10 ? 0 : 1);
  if (ms < HOUR * 0.995) return pick(ms / MINUTE, 'min');
  if (ms < DAY * 0.995) return pick(ms / HOUR, 'h');
  return pick(ms / DAY, 'd');
}

/** Formats an age that ticks: whole seconds below a minute, so that the text does not flicker. Unit `ms`. */
export function formatAge(ms: number, language: Language): string {
  return ms >= 0 && ms < MINUTE ? one(Math.floor(ms / SECOND), 's', language, 0) : formatDuration(ms, language);
}
