import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { logsQuery } from '../data/signal-queries.ts';
import { Panel } from '../parts/Panel.tsx';
import { QueryError } from '../parts/States.tsx';
import { LogsTable } from './LogsTable.tsx';
import styles from './logs.module.css';

/** Records that stand beside a trace or an order before one has to ask for more. */
const SHOWN = 50;

/** The newest log records of a trace or an order, with the way to all of them; nothing is drawn where there are none. */
export function LogsPanel(of: { readonly traceId: string } | { readonly orderId: string }) {
  const { t } = useTranslation();
  const filters = 'traceId' in of ? { traceId: of.traceId } : { orderId: of.orderId };
  const { data, error, refetch, hasNextPage } = useInfiniteQuery(logsQuery(filters, SHOWN));
  const logs = data?.pages[0]?.logs ?? [];
  if (logs.length === 0 && error === null) return null;
  const all = (
    <Link to="/logs" search={filters} className="wb-link">
      {hasNextPage ? t('logs.all') : t('logs.search')}
    </Link>
  );
  return (
    <Panel
      flush
      title={
        <>
          {t('logs.title')} <span className={styles['count']}>{hasNextPage ? `${SHOWN}+` : logs.length}</span>
        </>
      }
      aside={all}
      testId="logs-panel"
    >
      {error !== null && data === undefined ? (
        <QueryError error={error} retry={() => void refetch()} />
      ) : (
        <LogsTable logs={logs} on={'traceId' in of ? 'trace' : 'order'} />
      )}
    </Panel>
  );
}
