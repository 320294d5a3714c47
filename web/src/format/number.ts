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

/** A share (0 to 1) in per cent; one digit after the point below 10 %. */
export function formatPercent(share: number, language: Language): string {
  const maximumFractionDigits = share > 0 && share < 0.0995 ? 1 : 0;
  return new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits }).format(share);
}
