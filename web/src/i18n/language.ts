/** The languages of the product. */
export type Language = 'en' | 'ru';

const KEY = 'waybill.language';

/** Reads `value` as a language of the product; anything that is not Russian is English. */
export function asLanguage(value: string | undefined): Language {
  return value?.toLowerCase().startsWith('ru') === true ? 'ru' : 'en';
}

/** The language to start with: the remembered one, else the first of the browser's languages that the product speaks. */
export function startLanguage(): Language {
  try {
    const stored = window.localStorage.getItem(KEY);
    if (stored !== null) return asLanguage(stored);
  } catch {
    // Storage is switched off: the browser's languages decide.
  }
  const known = navigator.languages.find((language) => /^(ru|en)\b/i.test(language));
  return asLanguage(known);
}

/** Remembers the choice for the next visit, where the browser allows it. */
export function rememberLanguage(language: Language): void {
  try {
    window.localStorage.setItem(KEY, language);
  } catch {
    // Storage is switched off: the choice lasts as long as the page.
  }
}

/** A name in the quotation marks of the language. */
export function quoted(name: string, language: Language): string {
  return language === 'ru' ? `«${name}»` : `“${name}”`;
}
