import type { Language } from '../i18n/language.ts';

/** A count with grouped thousands. */
export function formatCount(value: number, language: Language): string {
  return new Intl.NumberFormat(language).format(value);
}

/** An amount of bytes in decimal units with three significant digits. */
export function formatBytes(bytes: number, language: Language): string {
  const units = language === 'ru' ? ['Б', 'КБ', 'МБ', 'ГБ', 'ТБ'] : ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let step = 0;
  while (value >= 1000 && step < units.length - 1) {
    value /= 1000;
    step += 1;
  }
  const text = new Intl.NumberFormat(language, { maximumSignificantDigits: 3 }).format(value);
  return `${text}\u00a0${units[step]}`;
}
