import { Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { lifecycleQuery, orderQuery } from '../data/queries.ts';
import { formatCount } from '../format/number.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { LogsPanel } from '../logs/LogsPanel.tsx';
import { Panel } from '../parts/Panel.tsx';
import { QueryError } from '../parts/States.tsx';
import { ClockAnomalies } from './ClockAnomalies.tsx';
import { DeadLettersPanel } from './DeadLettersPanel.tsx';
import { DeviationsList } from './DeviationsList.tsx';
import { FailuresTable } from './FailuresTable.tsx';
import { Journey } from './Journey.tsx';
import { MessagesTable } from './MessagesTable.tsx';
import { OrderHead } from './OrderHead.tsx';
import styles from './order.module.css';
import { TracesTable } from './TracesTable.tsx';
import { TransitionsTable } from './TransitionsTable.tsx';
import { VisitBreakdowns } from './VisitBreakdowns.tsx';

const route = getRouteApi('/orders/$orderId');

/** One order: where it is, how it got there, and the work behind it. */
export function OrderPage() {
  const { t } = useTranslation();
  const language = useLanguage();
  const { orderId } = route.useParams();
  const { data: order, error, refetch } = useQuery(orderQuery(orderId));
  const lifecycle = useQuery(lifecycleQuery);
  const title = <title>{`${orderId} · Waybill`}</title>;
  if (order === undefined || lifecycle.data === undefined) {
    const failure = error ?? lifecycle.error;
    return (
      <>
        {title}
        {failure === null ? (
          <div className={styles['stack']}>
            <Skeleton height={72} />
            <Skeleton height={290} />
            <Skeleton height={300} />
          </div>
        ) : (
          <QueryError
            error={failure}
            notFoundHint={t('order.notFoundHint')}
            retry={() => void Promise.all([refetch(), lifecycle.refetch()])}
          />
        )}
      </>
    );
  }
  const counted = (name: string, count: number) => (
    <>
      {name} <span className={styles['count']}>{formatCount(count, language)}</span>
    </>
  );
  return (
    <div className={styles['stack']}>
      {title}
      <OrderHead order={order} lifecycle={lifecycle.data} />
      <Journey order={order} lifecycle={lifecycle.data} />
      <VisitBreakdowns order={order} />
      {order.deviations.length === 0 ? null : (
        <Panel title={counted(t('order.deviations.title'), order.deviations.length)}>
          <DeviationsList deviations={order.deviations} />
        </Panel>
      )}
      <ClockAnomalies order={order} />
      {order.failures.length === 0 ? null : (
        <Panel
          flush
          title={counted(t('order.failures'), order.failures.length + order.failuresLeftOut)}
          testId="order-failures"
        >
          <FailuresTable order={order} />
        </Panel>
      )}
      {order.visits.length === 0 ? null : (
        <Panel flush title={counted(t('order.transitions.title'), order.visits.length)}>
          <TransitionsTable order={order} />
        </Panel>
      )}
      <DeadLettersPanel orderId={orderId} />
      <MessagesTable orderId={orderId} />
      <Panel flush title={counted(t('order.traces.title'), order.traces.length)} testId="order-traces">
        <TracesTable order={order} />
      </Panel>
      <LogsPanel orderId={orderId} />
    </div>
  );
}
