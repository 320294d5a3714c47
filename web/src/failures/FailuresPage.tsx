import '@mantine/charts/styles.css';
import { Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { lazy, Suspense, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Failures } from '../../../src/api/contract/index.ts';
import {
  DEFAULT_FAILURE_WINDOW,
  FAILURE_WINDOWS,
  type FailureFilters as Filters,
  failuresQuery,
} from '../data/queries.ts';
import { formatDuration } from '../format/duration.ts';
import { epochMs } from '../format/time.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { PageHead } from '../parts/PageHead.tsx';
import { Panel } from '../parts/Panel.tsx';
import { EmptyState, QueryError } from '../parts/States.tsx';
import { WindowChoice } from '../parts/WindowChoice.tsx';
import { FailureGroups } from './FailureGroups.tsx';
import { FailureFilters } from './Filters.tsx';
import styles from './failures.module.css';
import { failureBars } from './series.ts';
import { Totals } from './Totals.tsx';

const route = getRouteApi('/failures');

// The chart library is large; the figures do not wait for it.
const FailuresChart = lazy(async () => ({ default: (await import('./FailuresChart.tsx')).FailuresChart }));

function Chart({ failures, windowMs }: { readonly failures: Failures; readonly windowMs: number }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { series, since } = failures;
  const bars = useMemo(() => {
    const from = epochMs(since);
    return failureBars(series, from, from + windowMs);
  }, [series, since, windowMs]);
  const length = formatDuration(series.bucketMs, language);
  return (
    <Panel
      title={t('failures.chart')}
      aside={<span className="wb-dim">{t('failures.chartHint', { length })}</span>}
      testId="failures-chart"
    >
      <div className={styles['chartHolder']}>
        <Suspense fallback={<Skeleton height={200} />}>
          <FailuresChart bars={bars} bucketMs={series.bucketMs} />
        </Suspense>
      </div>
    </Panel>
  );
}

function Found({
  failures,
  filters,
  stale,
}: {
  readonly failures: Failures;
  readonly filters: Filters;
  readonly stale: boolean;
}) {
  const { t } = useTranslation();
  if (failures.groups.length === 0) {
    const narrowed = filters.class ?? filters.service ?? filters.status;
    return (
      <Panel testId="failures-empty">
        {narrowed === undefined ? (
          <EmptyState title={t('failures.nothing')} hint={t('failures.nothingHint')} />
        ) : (
          <EmptyState title={t('failures.nothingFiltered')} hint={t('failures.nothingFilteredHint')} />
        )}
      </Panel>
    );
  }
  return (
    <>
      <Totals failures={failures} />
      <Chart failures={failures} windowMs={FAILURE_WINDOWS[filters.since ?? DEFAULT_FAILURE_WINDOW]} />
      <Panel flush title={t('failures.groups')} aside={<span className="wb-dim">{t('failures.groupsHint')}</span>}>
        <FailureGroups groups={failures.groups} stale={stale} />
      </Panel>
    </>
  );
}

/** Which work for orders failed, where and why; the filters are in the address. */
export function FailuresPage() {
  const { t } = useTranslation();
  const filters = route.useSearch();
  const navigate = route.useNavigate();
  const change = (next: Filters): void => void navigate({ search: next, replace: true });
  const { data, error, refetch, isPlaceholderData } = useQuery(failuresQuery(filters));
  // All services of the time, also while the list is narrowed to one of them.
  const { data: whole } = useQuery(failuresQuery({ since: filters.since }));
  const services = useMemo(() => [...new Set(whole?.groups.map((group) => group.service))].toSorted(), [whole]);
  return (
    <div className="wb-page">
      <PageHead
        title={t('failures.title')}
        note={t('failures.note')}
        aside={
          <WindowChoice
            testId="failures-since"
            value={filters.since ?? DEFAULT_FAILURE_WINDOW}
            change={(since) => change({ ...filters, since })}
          />
        }
      />
      <FailureFilters filters={filters} services={services} change={change} />
      {data === undefined ? (
        error === null ? (
          <>
            <Skeleton height={96} />
            <Skeleton height={262} />
            <Skeleton height={200} />
          </>
        ) : (
          <QueryError error={error} retry={() => void refetch()} />
        )
      ) : (
        <Found failures={data} filters={filters} stale={isPlaceholderData} />
      )}
    </div>
  );
}
