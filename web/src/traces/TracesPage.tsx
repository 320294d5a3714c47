import { Skeleton } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { type TraceFilters as Filters, tracesQuery } from '../data/trace-queries.ts';
import { MoreButton } from '../parts/Controls.tsx';
import { PageHead } from '../parts/PageHead.tsx';
import { Panel } from '../parts/Panel.tsx';
import { EmptyState, QueryError } from '../parts/States.tsx';
import { TraceFilters } from './TraceFilters.tsx';
import { TracesTable } from './TracesTable.tsx';
import styles from './traces.module.css';

const route = getRouteApi('/traces');

function Nothing({ filters }: { readonly filters: Filters }) {
  const { t } = useTranslation();
  const narrowed = Object.values(filters).some((value) => value !== undefined);
  return narrowed ? (
    <EmptyState title={t('traces.nothingFiltered')} hint={t('traces.nothingFilteredHint')} />
  ) : (
    <EmptyState title={t('traces.nothing')} hint={t('traces.nothingHint')} />
  );
}

function Found({ filters }: { readonly filters: Filters }) {
  const { t } = useTranslation();
  const query = useInfiniteQuery(tracesQuery(filters));
  const traces = useMemo(() => query.data?.pages.flatMap((page) => page.traces), [query.data]);
  if (traces === undefined) {
    if (query.error === null) return <Skeleton height={420} />;
    return <QueryError error={query.error} retry={() => void query.refetch()} />;
  }
  if (traces.length === 0 && !query.hasNextPage) {
    return (
      <Panel testId="traces-empty">
        <Nothing filters={filters} />
      </Panel>
    );
  }
  return (
    <Panel flush>
      <TracesTable traces={traces} stale={query.isPlaceholderData} />
      <footer className={styles['footer']}>
        <span aria-live="polite">
          {t('traces.shown', { count: traces.length })}
          {query.hasNextPage ? '' : ` · ${t('traces.end')}`}
          {query.data?.pages.some(({ truncated }) => truncated) ? ` · ${t('traces.truncated')}` : ''}
        </span>
        <MoreButton query={query} />
      </footer>
    </Panel>
  );
}

/** Traces by what one of their spans is, newest first; the filters are in the address. */
export function TracesPage() {
  const { t } = useTranslation();
  const filters = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <div className="wb-page">
      <PageHead title={t('traces.title')} note={t('traces.note')} />
      <TraceFilters filters={filters} change={(next) => void navigate({ search: next, replace: true })} />
      <Found filters={filters} />
    </div>
  );
}
