import { Skeleton } from '@mantine/core';
import {
  IconAlertTriangle,
  IconArrowsSplit2,
  IconCircleCheck,
  IconClockExclamation,
  IconProgress,
} from '@tabler/icons-react';
import { Link, type LinkProps } from '@tanstack/react-router';
import type { ComponentType } from 'react';
import { useTranslation } from 'react-i18next';
import type { Failures, Statuses } from '../../../src/api/contract/index.ts';
import type { FailureWindow } from '../data/queries.ts';
import { formatCount } from '../format/number.ts';
import { useLanguage } from '../i18n/i18n.ts';
import styles from './map.module.css';
import { overTargetNow } from './rows.ts';

interface Kpi {
  readonly key: 'open' | 'overTarget' | 'failures' | 'deviating' | 'closed';
  readonly icon: ComponentType<{ size: number; stroke: number; 'aria-hidden': true }>;
  readonly tone: 'plain' | 'over' | 'deviation';
  readonly link: Pick<LinkProps, 'to' | 'search'>;
  /** Undefined while it loads. */
  readonly value: number | undefined;
  readonly of: string;
}

interface KpisProps {
  readonly statuses: Statuses | undefined;
  readonly failures: Failures | undefined;
  readonly since: FailureWindow;
}

function useKpis({ statuses, failures, since }: KpisProps): Kpi[] {
  const { t } = useTranslation();
  const total = t('map.kpi.total', { count: statuses?.orders.total ?? 0 });
  return [
    {
      key: 'open',
      icon: IconProgress,
      tone: 'plain',
      link: { to: '/orders', search: { open: 'true' } },
      value: statuses?.orders.open,
      of: total,
    },
    {
      key: 'overTarget',
      icon: IconClockExclamation,
      tone: 'over',
      link: { to: '/stuck' },
      value: statuses === undefined ? undefined : overTargetNow(statuses),
      of: t('map.kpi.total', { count: statuses?.orders.open ?? 0 }),
    },
    {
      key: 'failures',
      icon: IconAlertTriangle,
      tone: 'over',
      link: { to: '/failures', search: { since } },
      value: failures?.totals.reduce((sum, each) => sum + each.failures, 0),
      of: t(`failures.windows.${since}`),
    },
    {
      key: 'deviating',
      icon: IconArrowsSplit2,
      tone: 'deviation',
      link: { to: '/orders', search: { deviating: 'true' } },
      value: statuses?.orders.deviating,
      of: total,
    },
    {
      key: 'closed',
      icon: IconCircleCheck,
      tone: 'plain',
      link: { to: '/orders', search: { open: 'false' } },
      value: statuses?.orders.closed,
      of: total,
    },
  ];
}

/** The numbers to look at first; each leads to what it counts. */
export function Kpis(props: KpisProps) {
  const { t } = useTranslation();
  const language = useLanguage();
  return (
    <div className={styles['kpis']}>
      {useKpis(props).map(({ key, icon: Icon, tone, link, value, of }) => (
        <Link
          key={key}
          {...link}
          className={styles['kpi']}
          title={t(`map.kpi.${key}Hint`)}
          data-tone={value !== undefined && value > 0 ? tone : 'plain'}
          data-testid={`kpi-${key}`}
        >
          <span className={styles['kpiName']}>
            <Icon size={15} stroke={1.8} aria-hidden />
            {t(`map.kpi.${key}`)}
          </span>
          {value === undefined ? (
            <Skeleton width={64} height={22} />
          ) : (
            <span className={styles['kpiValue']}>
              {formatCount(value, language)}
              <span className={styles['kpiOf']}>{of}</span>
            </span>
          )}
        </Link>
      ))}
    </div>
  );
}
