import { Menu, UnstyledButton } from '@mantine/core';
import { IconCheck } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { chooseLanguage, useLanguage } from '../i18n/i18n.ts';
import styles from './shell.module.css';

const LANGUAGES = ['en', 'ru'] as const;

/** Chooses the language of the product; each language is named in itself. */
export function LanguageSwitch() {
  const { t } = useTranslation();
  const language = useLanguage();
  return (
    <Menu position="bottom-end" width={150}>
      <Menu.Target>
        <UnstyledButton
          className={styles['language']}
          data-testid="language-switch"
          aria-label={`${t('language.label')}: ${t(`language.${language}`)}`}
        >
          {language.toUpperCase()}
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        {LANGUAGES.map((each) => (
          <Menu.Item
            key={each}
            lang={each}
            onClick={() => chooseLanguage(each)}
            data-testid={`language-${each}`}
            rightSection={each === language ? <IconCheck size={14} /> : null}
          >
            {t(`language.${each}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
