import { Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Stuck } from '../../../src/api/contract/index.ts';
import { stuckQuery } from '../data/queries.ts';
import { formatCount, formatPercent } from '../format/number.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { useLifecycleView } from '../parts/lifecycle-view.ts';
import { PageHead } from '../parts/PageHead.tsx';
import { Panel } from '../parts/Panel.tsx';
import { EmptyState, QueryError } from '../parts/States.tsx';
import { type StuckColumn, stuckColumns } from './board.ts';
import { StuckCard } from './StuckCard.tsx';
import styles from './stuck.module.css';

function Column({ column, improbable }: { readonly column: StuckColumn; readonly improbable: number }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const view = useLifecycleView();
  const { status, orders } = column;
  const empty = orders.length === 0;
  return (
    <section className={styles['column']} data-empty={empty} data-testid={`stuck-column-${status}`}>
      <h2 className={styles['head']}>
        <Link to="/statuses/$status" params={{ status }} className={styles['name']} title={status}>
          {view.status(status)}
        </Link>
        <span className={styles['count']}>{empty ? t('stuck.nobody') : formatCount(orders.length, language)}</span>
      </h2>
      {orders.map((order) => (
        <StuckCard key={order.orderId} order={order} improbable={improbable} />
      ))}
    </section>
  );
}

function Board({ stuck, statuses }: { readonly stuck: Stuck; readonly statuses: readonly string[] }) {
  const { t } = useTranslation();
  const columns = useMemo(() => stuckColumns(stuck.orders, statuses), [stuck, statuses]);
  if (stuck.orders.length === 0) {
    return (
      <Panel testId="stuck-empty">
        <EmptyState
          title={t('stuck.empty')}
          hint={t('stuck.emptyHint')}
          action={
            <Link to="/" className="wb-link">
              {t('error.toMap')}
            </Link>
          }
        />
      </Panel>
    );
  }
  return (
    <div className={styles['board']} role="group" aria-label={t('stuck.board')} data-testid="stuck-board">
      {columns.map((column) => (
        <Column key={column.status} column={column} improbable={stuck.improbable} />
      ))}
    </div>
  );
}

/** The stuck board: the orders that wait too long, by status, the least probable first. */
export function StuckPage() {
  const { t } = useTranslation();
  const language = useLanguage();
  const { data, error, refetch } = useQuery(stuckQuery);
  const { lifecycle } = useLifecycleView();
  const statuses = useMemo(() => lifecycle?.statuses.filter(({ final }) => !final).map(({ id }) => id), [lifecycle]);
  const share = formatPercent(data?.improbable ?? 0.05, language);
  return (
    <>
      <PageHead
        title={t('stuck.title')}
        note={t('stuck.note', { share })}
        aside={data === undefined || data.total === 0 ? null : <b>{t('stuck.total', { count: data.total })}</b>}
      />
      {data === undefined || statuses === undefined ? (
        error === null ? (
          <Skeleton height={420} />
        ) : (
          <QueryError error={error} retry={() => void refetch()} />
        )
      ) : (
        <Board stuck={data} statuses={statuses} />
      )}
      {data !== undefined && data.total > data.orders.length ? (
        <p className="wb-dim">{t('stuck.truncated', { shown: data.orders.length, total: data.total })}</p>
      ) : null}
    </>
  );
}
