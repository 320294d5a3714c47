import { Table } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { ListedTrace } from '../../../src/api/contract/index.ts';
import { formatCount } from '../format/number.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { type Column, DataTable } from '../parts/DataTable.tsx';
import { ErrorCount } from '../parts/Marks.tsx';
import { ServiceName } from '../parts/ServiceName.tsx';
import { Duration, Instant } from '../parts/Times.tsx';
import { type ServiceColor, serviceColors } from '../trace/service-color.ts';
import styles from './traces.module.css';

/** Services and orders of a trace that are listed before the rest is a number. */
const SHOWN_SERVICES = 5;
const SHOWN_ORDERS = 2;

function More({ of, shown }: { readonly of: readonly string[]; readonly shown: number }) {
  if (of.length <= shown) return null;
  return (
    <span className="wb-dim" title={of.slice(shown, shown + 50).join(', ')}>
      +{of.length - shown}
    </span>
  );
}

function Orders({ orders }: { readonly orders: readonly string[] }) {
  if (orders.length === 0) return <span className="wb-dim">—</span>;
  return (
    <span className={styles['several']}>
      {orders.slice(0, SHOWN_ORDERS).map((orderId) => (
        <Link key={orderId} to="/orders/$orderId" params={{ orderId }} className="wb-link wb-mono">
          {orderId}
        </Link>
      ))}
      <More of={orders} shown={SHOWN_ORDERS} />
    </span>
  );
}

interface RowProps {
  readonly trace: ListedTrace;
  /** Of the longest trace of the list. */
  readonly longestMs: number;
  readonly colors: ReadonlyMap<string, ServiceColor>;
}

function Row({ trace, longestMs, colors }: RowProps) {
  const language = useLanguage();
  const share = longestMs > 0 ? Math.max(0.5, (trace.durationMs / longestMs) * 100) : 0;
  return (
    <Table.Tr data-testid={`trace-row-${trace.traceId}`}>
      <Table.Td className={styles['time'] ?? ''}>
        <Instant at={trace.startedAt} />
      </Table.Td>
      <Table.Td className={styles['root'] ?? ''}>
        <Link to="/traces/$traceId" params={{ traceId: trace.traceId }} className="wb-link" title={trace.traceId}>
          {trace.rootName === '' ? trace.traceId.slice(0, 8) : trace.rootName}
        </Link>
        <span className={styles['rootService']}>
          <ServiceName service={trace.rootService} color={colors.get(trace.rootService)} />
        </span>
      </Table.Td>
      <Table.Td className={styles['length'] ?? ''}>
        <Duration ms={trace.durationMs} />
        <span className={styles['track']} aria-hidden>
          <i style={{ width: `${share}%` }} />
        </span>
      </Table.Td>
      <Table.Td ta="right" className="wb-number">
        {formatCount(trace.spanCount, language)}
      </Table.Td>
      <Table.Td ta="right">
        <ErrorCount count={trace.errorCount} />
      </Table.Td>
      <Table.Td>
        <span className={styles['several']}>
          {trace.services.slice(0, SHOWN_SERVICES).map((service) => (
            <ServiceName key={service} service={service} color={colors.get(service)} />
          ))}
          <More of={trace.services} shown={SHOWN_SERVICES} />
        </span>
      </Table.Td>
      <Table.Td>
        <Orders orders={trace.orders} />
      </Table.Td>
    </Table.Tr>
  );
}

/** Traces, newest first. */
export function TracesTable({ traces, stale }: { readonly traces: readonly ListedTrace[]; readonly stale: boolean }) {
  const { t } = useTranslation();
  const colors = useMemo(() => serviceColors(traces.flatMap(({ services }) => services)), [traces]);
  const longestMs = Math.max(0, ...traces.map(({ durationMs }) => durationMs));
  const columns: Column[] = [
    { key: 'time', name: t('trace.started') },
    { key: 'root', name: t('order.traces.root') },
    { key: 'duration', name: t('trace.duration') },
    { key: 'spans', name: t('trace.spans'), align: 'right' },
    { key: 'errors', name: t('order.traces.errors'), align: 'right' },
    { key: 'services', name: t('trace.services') },
    { key: 'orders', name: t('trace.orders') },
  ];
  return (
    <DataTable columns={columns} minWidth={1040} stale={stale} testId="traces-table">
      {traces.map((trace) => (
        <Row key={trace.traceId} trace={trace} longestMs={longestMs} colors={colors} />
      ))}
    </DataTable>
  );
}
