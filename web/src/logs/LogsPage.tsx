import { Skeleton } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { type LogFilters as Filters, logsQuery } from '../data/signal-queries.ts';
import { MoreButton } from '../parts/Controls.tsx';
import { PageHead } from '../parts/PageHead.tsx';
import { Panel } from '../parts/Panel.tsx';
import { EmptyState, QueryError } from '../parts/States.tsx';
import { LogFilters } from './LogFilters.tsx';
import { LogsTable } from './LogsTable.tsx';
import styles from './logs.module.css';

const route = getRouteApi('/logs');

/** Log records of all services, newest first; the filters are in the address. */
export function LogsPage() {
  const { t } = useTranslation();
  const filters = route.useSearch();
  const navigate = route.useNavigate();
  const change = (next: Filters): void => void navigate({ search: next, replace: true });
  const query = useInfiniteQuery(logsQuery(filters));
  const logs = query.data?.pages.flatMap((page) => page.logs);
  const narrowed = Object.values(filters).some((value) => value !== undefined);
  return (
    <div className="wb-page">
      <PageHead title={t('logs.title')} note={t('logs.note')} />
      <LogFilters filters={filters} change={change} />
      {logs === undefined ? (
        query.error === null ? (
          <Skeleton height={420} />
        ) : (
          <QueryError error={query.error} retry={() => void query.refetch()} />
        )
      ) : logs.length === 0 ? (
        <Panel testId="logs-empty">
          {narrowed ? (
            <EmptyState title={t('logs.nothingFiltered')} hint={t('logs.nothingFilteredHint')} />
          ) : (
            <EmptyState title={t('logs.nothing')} hint={t('logs.nothingHint')} />
          )}
        </Panel>
      ) : (
        <Panel flush>
          <LogsTable logs={logs} stale={query.isPlaceholderData} />
          {query.hasNextPage ? (
            <footer className={styles['footer']}>
              <MoreButton query={query} />
            </footer>
          ) : null}
        </Panel>
      )}
    </div>
  );
}
