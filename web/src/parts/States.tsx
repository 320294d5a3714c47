import { Button } from '@mantine/core';
import { IconPlugConnectedX, IconRefresh, IconSearchOff } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../data/client.ts';
import styles from './parts.module.css';

/** Nothing to show, and what to do next. */
export function EmptyState({
  title,
  hint,
  action,
}: {
  readonly title: string;
  readonly hint: string;
  readonly action?: ReactNode;
}) {
  return (
    <div className={styles['state']}>
      <IconSearchOff size={26} stroke={1.4} aria-hidden />
      <h2 className={styles['stateTitle']}>{title}</h2>
      <p className={styles['stateText']}>{hint}</p>
      {action}
    </div>
  );
}

interface QueryErrorProps {
  readonly error: unknown;
  readonly retry: () => void;
  /** Added when the API says that the thing does not exist. */
  readonly notFoundHint?: string;
}

/** An answer that did not come: what is wrong, the remedy, and a button that asks again. */
export function QueryError({ error, retry, notFoundHint }: QueryErrorProps) {
  const { t } = useTranslation();
  const known = error instanceof ApiError ? error : undefined;
  const notFound = known?.code === 'not_found';
  const advice =
    known?.kind === 'network'
      ? t('error.network')
      : known?.kind === 'contract'
        ? t('error.contract')
        : notFound
          ? (notFoundHint ?? known?.remedy)
          : known?.remedy;
  return (
    <div className={styles['state']} role="alert">
      <IconPlugConnectedX size={26} stroke={1.4} aria-hidden />
      <h2 className={styles['stateTitle']}>{t('error.title')}</h2>
      {known?.code === undefined ? null : <p className={styles['stateText']}>{t(`error.codes.${known.code}`)}</p>}
      <p className={styles['stateText']}>{error instanceof Error ? error.message : String(error)}</p>
      {advice === undefined ? null : <p className={styles['stateText']}>{advice}</p>}
      <Button variant="default" size="xs" leftSection={<IconRefresh size={14} />} onClick={retry} mt={6}>
        {t('error.retry')}
      </Button>
    </div>
  );
}
