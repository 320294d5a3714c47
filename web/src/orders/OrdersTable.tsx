import { Table } from '@mantine/core';
import { IconClockExclamation } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { OrderListItem } from '../../../src/api/contract/index.ts';
import { formatAge, formatDuration } from '../format/duration.ts';
import { epochMs, formatExact } from '../format/time.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { useLifecycleView } from '../parts/lifecycle-view.ts';
import { DeviationCount, ErrorCount, StatusPill } from '../parts/Marks.tsx';
import { useNow } from '../parts/NowProvider.tsx';
import { Instant } from '../parts/Times.tsx';
import styles from './orders.module.css';

function InStatus({ status, since }: { readonly status: string; readonly since: string }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const now = useNow();
  const view = useLifecycleView();
  if (view.final(status)) return <span className="wb-dim">{t('orders.final')}</span>;
  const age = Math.max(0, now - epochMs(since));
  const target = view.targetMs(status);
  const over = target !== null && age > target;
  const exact = formatExact(since, language);
  if (!over) {
    return (
      <span className="wb-number" title={exact}>
        {formatAge(age, language)}
      </span>
    );
  }
  const label = t('orders.overTarget', { over: formatDuration(age - target, language) });
  return (
    <span className={styles['over']} title={`${label}\n${exact}`}>
      <IconClockExclamation size={14} stroke={2} aria-label={label} />
      {formatAge(age, language)}
    </span>
  );
}

/** The status of the order first; while it is open, those of its other regions after it. */
function allStatuses({ closedAt, current }: OrderListItem, status: string): readonly string[] {
  const others = closedAt === null ? current.map((each) => each.status).filter((each) => each !== status) : [];
  return [status, ...others];
}

function Row({ order }: { readonly order: OrderListItem }) {
  const { t } = useTranslation();
  const view = useLifecycleView();
  const { status, since } = order;
  return (
    <Table.Tr data-testid={`order-row-${order.orderId}`}>
      <Table.Th scope="row" className={styles['id'] ?? ''}>
        <Link
          to="/orders/$orderId"
          params={{ orderId: order.orderId }}
          className={`wb-link wb-mono ${styles['rowLink']}`}
        >
          {order.orderId}
        </Link>
      </Table.Th>
      <Table.Td>
        {status === null ? (
          <span className="wb-dim">{t('orders.noStatus')}</span>
        ) : (
          allStatuses(order, status).map((each) => (
            <StatusPill key={each} status={each} tone={view.final(each) ? 'final' : 'plain'} />
          ))
        )}
      </Table.Td>
      <Table.Td>{status === null || since === null ? null : <InStatus status={status} since={since} />}</Table.Td>
      <Table.Td>{order.openedAt === null ? null : <Instant at={order.openedAt} relative />}</Table.Td>
      <Table.Td>
        {order.closedAt === null ? <span className="wb-dim">—</span> : <Instant at={order.closedAt} relative />}
      </Table.Td>
      <Table.Td ta="right">{order.visitCount}</Table.Td>
      <Table.Td ta="right">{order.traceCount}</Table.Td>
      <Table.Td ta="right">
        <ErrorCount count={order.errorCount} />
      </Table.Td>
      <Table.Td ta="right">
        <DeviationCount count={order.deviationCount} />
      </Table.Td>
    </Table.Tr>
  );
}

const LEFT = ['order', 'status', 'age', 'opened', 'closed'] as const;
const RIGHT = ['visits', 'traces', 'errors', 'deviations'] as const;

/** Orders, one a row; `stale` dims rows that belong to the filters before. */
export function OrdersTable({ orders, stale }: { readonly orders: readonly OrderListItem[]; readonly stale: boolean }) {
  const { t } = useTranslation();
  return (
    <Table.ScrollContainer minWidth={900}>
      <Table
        verticalSpacing={5}
        horizontalSpacing={14}
        highlightOnHover
        className={styles['table'] ?? ''}
        data-stale={stale}
        data-testid="orders-table"
      >
        <Table.Thead>
          <Table.Tr>
            {LEFT.map((column) => (
              <Table.Th key={column}>{t(`orders.columns.${column}`)}</Table.Th>
            ))}
            {RIGHT.map((column) => (
              <Table.Th key={column} ta="right">
                {t(`orders.columns.${column}`)}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {orders.map((order) => (
            <Row key={order.orderId} order={order} />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
