import { Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Queues } from '../../../src/api/contract/index.ts';
import { DEFAULT_FAILURE_WINDOW, queuesQuery } from '../data/queries.ts';
import { PageHead } from '../parts/PageHead.tsx';
import { Panel } from '../parts/Panel.tsx';
import { EmptyState, QueryError } from '../parts/States.tsx';
import { WindowChoice } from '../parts/WindowChoice.tsx';
import { Brokers } from './Brokers.tsx';
import { QueuesTable } from './QueuesTable.tsx';
import { Unroutable } from './Unroutable.tsx';

const route = getRouteApi('/queues');

function Found({ found }: { readonly found: Queues }) {
  const { t } = useTranslation();
  if (found.brokers.length === 0 && found.queues.length === 0) {
    return (
      <Panel testId="queues-empty">
        <EmptyState title={t('queues.empty')} hint={t('queues.emptyHint')} />
      </Panel>
    );
  }
  return (
    <>
      <Brokers brokers={found.brokers} />
      <Panel flush title={t('queues.tableTitle')}>
        {found.queues.length === 0 ? (
          <EmptyState title={t('queues.quiet')} hint={t('queues.quietHint')} />
        ) : (
          <QueuesTable queues={found.queues} />
        )}
      </Panel>
      <Unroutable unroutable={found.unroutable} brokers={found.brokers} />
    </>
  );
}

/** How long messages wait in each queue, and what the broker lost; the window is in the address. */
export function QueuesPage() {
  const { t } = useTranslation();
  const { since = DEFAULT_FAILURE_WINDOW } = route.useSearch();
  const navigate = route.useNavigate();
  const { data, error, refetch } = useQuery(queuesQuery(since));
  return (
    <div className="wb-page">
      <PageHead
        title={t('queues.title')}
        note={t('queues.note')}
        aside={
          <WindowChoice value={since} change={(value) => void navigate({ search: { since: value }, replace: true })} />
        }
      />
      {data === undefined ? (
        error === null ? (
          <Skeleton height={360} />
        ) : (
          <QueryError error={error} retry={() => void refetch()} />
        )
      ) : (
        <Found found={data} />
      )}
    </div>
  );
}
