import '@mantine/charts/styles.css';
import { Skeleton } from '@mantine/core';
import { IconAlertTriangle, IconClockExclamation, IconLock, IconMailOff } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Failures } from '../../../src/api/contract/index.ts';
import { FAILURE_WINDOWS, type FailureWindow, failuresQuery, lifecycleQuery, statusesQuery } from '../data/queries.ts';
import type { Scope, Window } from '../data/scope.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { HealthMark } from '../parts/Marks.tsx';
import { PageHead } from '../parts/PageHead.tsx';
import { Panel } from '../parts/Panel.tsx';
import { ScopeChoice } from '../parts/ScopeChoice.tsx';
import { EmptyState, QueryError } from '../parts/States.tsx';
import { useWidth } from '../parts/use-width.ts';
import { guardedMoves } from './guards.ts';
import { Kpis } from './Kpis.tsx';
import { LeadTime } from './LeadTime.tsx';
import { layoutMap } from './layout.ts';
import styles from './map.module.css';
import { statusRows } from './rows.ts';
import { StatusMap } from './StatusMap.tsx';
import { StatusTable } from './StatusTable.tsx';

const route = getRouteApi('/');

function Legend({ withGuards }: { readonly withGuards: boolean }) {
  const { t } = useTranslation();
  return (
    <div className={styles['legend']} aria-label={t('map.legend')}>
      <span className="wb-dim">{t('map.legendMeasure')}</span>
      <HealthMark health="ok" />
      <HealthMark health="near" />
      <HealthMark health="over" />
      <span className={styles['legendEdge']}>
        <IconClockExclamation size={13} stroke={2} className={styles['legendOver']} aria-hidden />
        {t('map.legendStuck')}
      </span>
      <span className={styles['legendEdge']}>
        <IconAlertTriangle size={13} stroke={2} className={styles['legendOver']} aria-hidden />
        {t('map.legendFailures')}
      </span>
      <span className={styles['legendEdge']}>
        <IconMailOff size={13} stroke={2} className={styles['legendOver']} aria-hidden />
        {t('map.legendDeadLetters')}
      </span>
      <span className={styles['legendEdge']}>
        <svg width="26" height="8" aria-hidden>
          <path d="M0,4 H26" className={styles['edge']} data-allowed="true" strokeWidth="5" />
        </svg>
        {t('map.legendEdge')}
      </span>
      <span className={styles['legendEdge']}>
        <svg width="26" height="8" aria-hidden>
          <path d="M0,4 H26" className={styles['edge']} data-allowed="false" strokeWidth="2" />
        </svg>
        {t('map.legendDeviating')}
      </span>
      {withGuards ? (
        <span className={styles['legendEdge']}>
          <svg width="26" height="8" aria-hidden>
            <path d="M0,4 H26" className={styles['guard']} />
          </svg>
          <IconLock size={13} stroke={1.9} aria-hidden />
          {t('map.legendGuard')}
        </span>
      ) : null}
    </div>
  );
}

/** The longest time that failures are looked at over stands for all time. */
function failureWindow(window: Window): FailureWindow {
  return window in FAILURE_WINDOWS ? (window as FailureWindow) : '30d';
}

/** The failures of the scope's window: they are told of all orders and up to now, and would mislead beside anything else. */
function useFailuresBeside({ window = 'all', at, by }: Scope): {
  readonly since: FailureWindow;
  readonly failures: Failures | undefined;
} {
  const since = failureWindow(window);
  const { data } = useQuery(failuresQuery({ since }));
  return { since, failures: at === undefined && by === undefined ? data : undefined };
}

/** The home page: where all orders are now, and how long each status takes. */
export function StatusMapPage() {
  const { t } = useTranslation();
  const language = useLanguage();
  const scope = route.useSearch();
  const navigate = route.useNavigate();
  const lifecycle = useQuery(lifecycleQuery);
  const statuses = useQuery(statusesQuery(scope));
  // The map does not wait for failures: without them only their badges are missing.
  const { since, failures } = useFailuresBeside(scope);
  const { ref, width } = useWidth();
  const rows = useMemo(
    () => (statuses.data === undefined ? undefined : statusRows(statuses.data, failures)),
    [statuses.data, failures],
  );
  const layout = useMemo(
    () => (lifecycle.data === undefined || width === 0 ? undefined : layoutMap(lifecycle.data, width)),
    [lifecycle.data, width],
  );
  const failed = lifecycle.data === undefined ? lifecycle : statuses.data === undefined ? statuses : undefined;
  const ready = lifecycle.data !== undefined && layout !== undefined && rows !== undefined;
  return (
    <>
      <PageHead
        title={t('map.title')}
        note={
          lifecycle.data === undefined
            ? ''
            : `${lifecycle.data.label[language]}, ${t('map.version', { version: lifecycle.data.version })}`
        }
        aside={
          <ScopeChoice
            scope={scope}
            change={(next) => void navigate({ search: next, replace: true })}
            hasCalendar={(lifecycle.data?.calendar ?? null) !== null}
          />
        }
      />
      {failed !== undefined && failed.error !== null ? (
        <QueryError error={failed.error} retry={() => void failed.refetch()} />
      ) : (
        <>
          <Kpis statuses={statuses.data} failures={failures} since={since} />
          <section className={styles['mapPanel']} aria-label={t('map.title')}>
            <Legend withGuards={lifecycle.data !== undefined && guardedMoves(lifecycle.data).length > 0} />
            <div ref={ref} className={styles['mapHolder']}>
              {ready ? (
                <StatusMap lifecycle={lifecycle.data} layout={layout} rows={rows} edges={statuses.data?.edges ?? []} />
              ) : (
                <Skeleton height={layout?.height ?? 472} radius="md" />
              )}
            </div>
            {statuses.data?.orders.total === 0 ? (
              <EmptyState title={t('map.empty')} hint={t('map.emptyHint', { attribute: 'order.id' })} />
            ) : null}
          </section>
          <div className={styles['mapPanel']}>
            <LeadTime lead={statuses.data?.leadTime} />
          </div>
          <Panel flush title={t('map.tableTitle')}>
            {rows === undefined ? <Skeleton height={380} /> : <StatusTable rows={rows} />}
          </Panel>
        </>
      )}
    </>
  );
}
