import { Skeleton } from '@mantine/core';
import { IconArrowsSplit2, IconCircleCheck, IconClockExclamation, IconProgress } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Statuses } from '../../../src/api/contract/index.ts';
import type { OrderFilters } from '../data/queries.ts';
import { formatCount } from '../format/number.ts';
import { useLanguage } from '../i18n/i18n.ts';
import styles from './map.module.css';
import { overTargetNow } from './rows.ts';

const KPIS = [
  { key: 'open', icon: IconProgress, tone: 'plain', search: { open: 'true' } },
  { key: 'overTarget', icon: IconClockExclamation, tone: 'over', search: { open: 'true' } },
  { key: 'deviating', icon: IconArrowsSplit2, tone: 'deviation', search: { deviating: 'true' } },
  { key: 'closed', icon: IconCircleCheck, tone: 'plain', search: { open: 'false' } },
] as const satisfies readonly { search: OrderFilters; [key: string]: unknown }[];

/** The four numbers to look at first; each leads to its orders. */
export function Kpis({ statuses }: { readonly statuses: Statuses | undefined }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const value = (key: (typeof KPIS)[number]['key'], known: Statuses): number =>
    key === 'overTarget' ? overTargetNow(known) : known.orders[key];
  return (
    <div className={styles['kpis']}>
      {KPIS.map(({ key, icon: Icon, tone, search }) => (
        <Link
          key={key}
          to="/orders"
          search={search}
          className={styles['kpi']}
          title={t(`map.kpi.${key}Hint`)}
          data-tone={statuses !== undefined && value(key, statuses) > 0 ? tone : 'plain'}
        >
          <span className={styles['kpiName']}>
            <Icon size={15} stroke={1.8} aria-hidden />
            {t(`map.kpi.${key}`)}
          </span>
          {statuses === undefined ? (
            <Skeleton width={64} height={22} />
          ) : (
            <span className={styles['kpiValue']}>
              {formatCount(value(key, statuses), language)}
              <span className={styles['kpiOf']}>
                {t('map.kpi.total', { count: key === 'overTarget' ? statuses.orders.open : statuses.orders.total })}
              </span>
            </span>
          )}
        </Link>
      ))}
    </div>
  );
}
