import { Button, Skeleton } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { type OrderFilters, ordersQuery } from '../data/queries.ts';
import { MoreButton } from '../parts/Controls.tsx';
import { PageHead } from '../parts/PageHead.tsx';
import { Panel } from '../parts/Panel.tsx';
import { EmptyState, QueryError } from '../parts/States.tsx';
import { Filters } from './Filters.tsx';
import { OrdersTable } from './OrdersTable.tsx';
import styles from './orders.module.css';

const route = getRouteApi('/orders');

function Nothing({ filters, reset }: { readonly filters: OrderFilters; readonly reset: () => void }) {
  const { t } = useTranslation();
  const filtered = Object.values(filters).some((value) => value !== undefined);
  if (!filtered) return <EmptyState title={t('orders.none')} hint={t('orders.noneHint')} />;
  return (
    <EmptyState
      title={t('orders.nothing')}
      hint={t('orders.nothingHint')}
      action={
        <Button variant="default" size="xs" mt={6} onClick={reset}>
          {t('orders.reset')}
        </Button>
      }
    />
  );
}

/** The list of orders; its filters are in the address. */
export function OrdersPage() {
  const { t } = useTranslation();
  const filters = route.useSearch();
  const navigate = route.useNavigate();
  const change = (next: OrderFilters): void => void navigate({ search: next, replace: true });
  const query = useInfiniteQuery(ordersQuery(filters));
  const orders = useMemo(() => query.data?.pages.flatMap((page) => page.orders), [query.data]);
  return (
    <>
      <PageHead title={t('orders.title')} />
      <Panel flush>
        <Filters filters={filters} change={change} />
        {orders === undefined ? (
          query.error === null ? (
            <div className={styles['skeleton']}>
              <Skeleton height={560} />
            </div>
          ) : (
            <QueryError error={query.error} retry={() => void query.refetch()} />
          )
        ) : orders.length === 0 ? (
          <Nothing filters={filters} reset={() => change({})} />
        ) : (
          <>
            <OrdersTable orders={orders} stale={query.isPlaceholderData} />
            <footer className={styles['foot']}>
              <span aria-live="polite">
                {t('orders.shown', { count: orders.length })}
                {query.hasNextPage ? '' : ` · ${t('orders.end')}`}
              </span>
              <MoreButton query={query} />
            </footer>
          </>
        )}
      </Panel>
    </>
  );
}
