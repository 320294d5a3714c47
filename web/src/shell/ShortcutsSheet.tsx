import { Kbd, Modal } from '@mantine/core';
import { Fragment, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import styles from './shell.module.css';

interface Row {
  readonly text: string;
  readonly keys: readonly string[];
  readonly joint?: string;
}

function Keys({ rows }: { readonly rows: readonly Row[] }): ReactNode {
  return (
    <dl className={styles['keys']}>
      {rows.map(({ text, keys, joint }) => (
        <Fragment key={text}>
          <dt>{text}</dt>
          <dd>
            {keys.map((key, index) => (
              <Fragment key={key}>
                {index > 0 && joint !== undefined ? <span className="wb-dim">{joint}</span> : null}
                <Kbd size="xs">{key}</Kbd>
              </Fragment>
            ))}
          </dd>
        </Fragment>
      ))}
    </dl>
  );
}

/** All keyboard shortcuts on one sheet. */
export function ShortcutsSheet({ opened, onClose }: { readonly opened: boolean; readonly onClose: () => void }) {
  const { t } = useTranslation();
  const then = t('keys.joint');
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t('keys.title')}
      size="md"
      closeButtonProps={{ 'aria-label': t('keys.close') }}
    >
      <h3 className={styles['keysTitle']}>{t('keys.everywhere')}</h3>
      <Keys
        rows={[
          { text: t('keys.search'), keys: ['/', 'Ctrl K', '⌘ K'] },
          { text: t('keys.map'), keys: ['g', 'm'], joint: then },
          { text: t('keys.orders'), keys: ['g', 'o'], joint: then },
          { text: t('keys.stuck'), keys: ['g', 't'], joint: then },
          { text: t('keys.failures'), keys: ['g', 'f'], joint: then },
          { text: t('keys.queues'), keys: ['g', 'q'], joint: then },
          { text: t('keys.deadLetters'), keys: ['g', 'd'], joint: then },
          { text: t('keys.traces'), keys: ['g', 'r'], joint: then },
          { text: t('keys.conformance'), keys: ['g', 'c'], joint: then },
          { text: t('keys.system'), keys: ['g', 's'], joint: then },
          { text: t('keys.sheet'), keys: ['?'] },
        ]}
      />
      <h3 className={styles['keysTitle']}>{t('keys.trace')}</h3>
      <Keys
        rows={[
          { text: t('keys.move'), keys: ['↑', '↓'] },
          { text: t('keys.fold'), keys: ['←', '→'] },
          { text: t('keys.select'), keys: ['Enter'] },
          { text: t('keys.close'), keys: ['Esc'] },
        ]}
      />
    </Modal>
  );
}
