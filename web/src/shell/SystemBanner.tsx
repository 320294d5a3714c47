import { IconAlertTriangle } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../data/client.ts';
import { systemQuery } from '../data/queries.ts';
import { formatDuration } from '../format/duration.ts';
import { useLanguage } from '../i18n/i18n.ts';
import styles from './shell.module.css';

/** From this lag on, viewers are told that what they see is old; unit ms. */
const LAG_MS = 10_000;

/** Says when what the page shows cannot be trusted to be fresh. */
export function SystemBanner() {
  const { t } = useTranslation();
  const language = useLanguage();
  const { data, error, failureCount } = useQuery(systemQuery);
  // The server answers, but this page cannot read it: no reason to look for a broken connection.
  const misfit = error instanceof ApiError && error.kind === 'contract';
  const lagMs = Math.max(data?.journal.lagMs ?? 0, data?.projector.lagMs ?? 0);
  const offline = error !== null || failureCount > 1;
  if (!offline && (data === undefined || (data.store.ok && lagMs <= LAG_MS))) return null;
  const text = misfit
    ? t('error.contract')
    : offline
      ? t('banner.offline')
      : data?.store.ok === false
        ? t('banner.storeDown')
        : t('banner.lag', { lag: formatDuration(lagMs, language) });
  return (
    <div className={styles['banner']} role="status" data-tone={offline || data?.store.ok === false ? 'over' : 'near'}>
      <IconAlertTriangle size={16} aria-hidden />
      <span>{text}</span>
      {offline ? null : <Link to="/system">{t('banner.details')}</Link>}
    </div>
  );
}
