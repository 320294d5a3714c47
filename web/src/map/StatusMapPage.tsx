import '@mantine/charts/styles.css';
import { SegmentedControl, Skeleton } from '@mantine/core';
import { IconAlertTriangle, IconClockExclamation } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import {
  FAILURE_WINDOWS,
  type FailureWindow,
  failuresQuery,
  lifecycleQuery,
  statusesQuery,
  WINDOWS,
  type Window,
} from '../data/queries.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { HealthMark } from '../parts/Marks.tsx';
import { PageHead } from '../parts/PageHead.tsx';
import { Panel } from '../parts/Panel.tsx';
import { EmptyState, QueryError } from '../parts/States.tsx';
import { useWidth } from '../parts/use-width.ts';
import { Kpis } from './Kpis.tsx';
import { layoutMap } from './layout.ts';
import styles from './map.module.css';
import { statusRows } from './rows.ts';
import { StatusMap } from './StatusMap.tsx';
import { StatusTable } from './StatusTable.tsx';

const route = getRouteApi('/');

function Legend() {
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
    </div>
  );
}

function WindowChoice({ value }: { readonly value: Window }) {
  const { t } = useTranslation();
  const navigate = route.useNavigate();
  return (
    <div className={styles['window']}>
      <span className="wb-dim">{t('map.window')}</span>
      <SegmentedControl
        size="xs"
        aria-label={t('map.window')}
        value={value}
        data={Object.keys(WINDOWS).map((key) => ({ value: key, label: t(`map.windows.${key as Window}`) }))}
        onChange={(next) => void navigate({ search: next === 'all' ? {} : { window: next as Window }, replace: true })}
      />
    </div>
  );
}

/** The longest time that failures are looked at over stands for all time. */
function failureWindow(window: Window): FailureWindow {
  return window in FAILURE_WINDOWS ? (window as FailureWindow) : '30d';
}

/** The home page: where all orders are now, and how long each status takes. */
export function StatusMapPage() {
  const { t } = useTranslation();
  const language = useLanguage();
  const { window = 'all' } = route.useSearch();
  const lifecycle = useQuery(lifecycleQuery);
  const statuses = useQuery(statusesQuery(window));
  // The map does not wait for failures: without them only their badges are missing.
  const since = failureWindow(window);
  const { data: failures } = useQuery(failuresQuery({ since }));
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
        aside={<WindowChoice value={window} />}
      />
      {failed !== undefined && failed.error !== null ? (
        <QueryError error={failed.error} retry={() => void failed.refetch()} />
      ) : (
        <>
          <Kpis statuses={statuses.data} failures={failures} since={since} />
          <section className={styles['mapPanel']} aria-label={t('map.title')}>
            <Legend />
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
          <Panel flush title={t('map.tableTitle')}>
            {rows === undefined ? <Skeleton height={380} /> : <StatusTable rows={rows} />}
          </Panel>
        </>
      )}
    </>
  );
}
