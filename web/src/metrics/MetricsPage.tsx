import { SegmentedControl, Select, Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { lazy, Suspense, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Metric, MetricList } from '../../../src/api/contract/index.ts';
import { DEFAULT_METRIC_WINDOW, type MetricChoice, metricQuery, metricsQuery } from '../data/signal-queries.ts';
import { formatDuration } from '../format/duration.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { PageHead } from '../parts/PageHead.tsx';
import { Panel } from '../parts/Panel.tsx';
import { EmptyState, QueryError } from '../parts/States.tsx';
import { Instant } from '../parts/Times.tsx';
import { WindowChoice } from '../parts/WindowChoice.tsx';
import { DISTRIBUTION_FIGURES, type DistributionFigure, linesOf, unitOf } from './chart-data.ts';
import styles from './metrics.module.css';

const route = getRouteApi('/metrics');

// The chart library is large; the rest does not wait for it.
const MetricChart = lazy(async () => ({ default: (await import('./MetricChart.tsx')).MetricChart }));

function Exemplars({ metric }: { readonly metric: Metric }) {
  const { t } = useTranslation();
  if (metric.exemplars.length === 0) return null;
  return (
    <Panel title={t('metrics.exemplars')} aside={<span className="wb-dim">{t('metrics.exemplarsHint')}</span>}>
      <ul className={styles['exemplars']}>
        {metric.exemplars.slice(0, 12).map(({ at, value, traceId, spanId, service }) => (
          <li key={`${at}:${traceId}:${spanId ?? ''}`}>
            <Instant at={at} /> · {service} · {value} {unitOf({ unit: metric.unit, figure: 'level' }, 'p95')}{' '}
            <Link
              to="/traces/$traceId"
              params={{ traceId }}
              search={spanId === null ? {} : { span: spanId }}
              className="wb-link wb-mono"
            >
              {traceId.slice(0, 8)}
            </Link>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Chart({ metric }: { readonly metric: Metric }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const [figure, setFigure] = useState<DistributionFigure>('p95');
  const lines = useMemo(() => linesOf(metric, figure), [metric, figure]);
  const notes = [
    t(`metrics.figures.${metric.figure}`),
    t('metrics.step', { length: formatDuration(metric.stepMs, language) }),
    ...(metric.truncated ? [t('metrics.truncated')] : []),
    ...(metric.groupsLeftOut > 0 ? [t('metrics.leftOut', { count: metric.groupsLeftOut })] : []),
  ];
  return (
    <Panel
      title={metric.name}
      aside={
        metric.figure === 'distribution' ? (
          <SegmentedControl
            size="xs"
            aria-label={t('metrics.figure')}
            value={figure}
            data={DISTRIBUTION_FIGURES.map((value) => ({ value, label: t(`metrics.distribution.${value}`) }))}
            onChange={(value) => setFigure(DISTRIBUTION_FIGURES.find((known) => known === value) ?? 'p95')}
          />
        ) : null
      }
      testId="metric-chart"
    >
      <p className={styles['note']}>
        {metric.description === '' ? '' : `${metric.description} · `}
        {notes.join(' · ')}
      </p>
      <Suspense fallback={<Skeleton height={300} />}>
        <MetricChart lines={lines} stepMs={metric.stepMs} unit={unitOf(metric, figure)} />
      </Suspense>
    </Panel>
  );
}

function Choices({
  list,
  choice,
  change,
}: {
  readonly list: MetricList;
  readonly choice: MetricChoice;
  readonly change: (choice: MetricChoice) => void;
}) {
  const { t } = useTranslation();
  const names = [
    ...new Set([...list.metrics.map(({ name }) => name), ...(choice.name === undefined ? [] : [choice.name])]),
  ];
  const services = [
    ...new Set(list.metrics.filter(({ name }) => name === choice.name).flatMap((each) => each.services)),
  ];
  return (
    <div className="wb-filters">
      <Select
        size="xs"
        searchable
        className={styles['metric'] ?? ''}
        aria-label={t('metrics.choose')}
        placeholder={t('metrics.choose')}
        data={names}
        value={choice.name ?? null}
        onChange={(name) => change({ since: choice.since, name: name ?? undefined })}
        data-testid="metric-choice"
      />
      <Select
        size="xs"
        clearable
        className={styles['choice'] ?? ''}
        aria-label={t('span.service')}
        placeholder={t('failures.anyService')}
        data={services}
        value={choice.service ?? null}
        onChange={(service) => change({ ...choice, service: service ?? undefined })}
      />
      <SegmentedControl
        size="xs"
        aria-label={t('metrics.by')}
        value={choice.by ?? 'service'}
        data={[
          { value: 'service', label: t('metrics.byService') },
          { value: 'none', label: t('metrics.together') },
        ]}
        onChange={(by) => change({ ...choice, by: by === 'service' ? undefined : by })}
      />
    </div>
  );
}

function Chosen({ choice }: { readonly choice: MetricChoice }) {
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery(metricQuery(choice));
  if (choice.name === undefined) {
    return (
      <Panel>
        <EmptyState title={t('metrics.choose')} hint={t('metrics.chooseHint')} />
      </Panel>
    );
  }
  if (error !== null) {
    return <QueryError error={error} notFoundHint={t('metrics.notFoundHint')} retry={() => void refetch()} />;
  }
  if (data === undefined) return <Skeleton height={360} />;
  return (
    <>
      <Chart key={data.name} metric={data} />
      <Exemplars metric={data} />
    </>
  );
}

/** Metrics of services over time; the choice is in the address. */
export function MetricsPage() {
  const { t } = useTranslation();
  const choice = route.useSearch();
  const navigate = route.useNavigate();
  const change = (next: MetricChoice): void => void navigate({ search: next, replace: true });
  const { data: list, error, refetch } = useQuery(metricsQuery);
  const since = (
    <WindowChoice
      value={choice.since ?? DEFAULT_METRIC_WINDOW}
      change={(value) => change({ ...choice, since: value })}
    />
  );
  return (
    <div className="wb-page">
      <PageHead title={t('metrics.title')} note={t('metrics.note')} aside={since} />
      {list === undefined ? (
        error === null ? (
          <Skeleton height={400} />
        ) : (
          <QueryError error={error} retry={() => void refetch()} />
        )
      ) : list.metrics.length === 0 ? (
        <Panel testId="metrics-empty">
          <EmptyState title={t('metrics.nothing')} hint={t('metrics.nothingHint')} />
        </Panel>
      ) : (
        <>
          <Choices list={list} choice={choice} change={change} />
          <Chosen choice={choice} />
        </>
      )}
    </div>
  );
}
