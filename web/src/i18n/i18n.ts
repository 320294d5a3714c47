import { createInstance } from 'i18next';
import { initReactI18next, useTranslation } from 'react-i18next';
import { en } from './en.ts';
import { asLanguage, type Language, rememberLanguage, startLanguage } from './language.ts';
import { ru } from './ru.ts';

const texts = createInstance();

/** Starts the texts in the viewer's language and keeps `<html lang>` and the remembered choice in step with it. */
export async function startI18n(): Promise<void> {
  texts.on('languageChanged', (language) => {
    document.documentElement.lang = language;
  });
  await texts.use(initReactI18next).init({
    lng: startLanguage(),
    fallbackLng: 'en',
    resources: { en: { translation: en }, ru: { translation: ru } },
    interpolation: { escapeValue: false },
  });
}

/** Switches the language and remembers the choice. */
export function chooseLanguage(language: Language): void {
  rememberLanguage(language);
  void texts.changeLanguage(language);
}

/** The language in force, for formatting numbers and times. */
export function useLanguage(): Language {
  const { i18n } = useTranslation();
  return asLanguage(i18n.language);
}
