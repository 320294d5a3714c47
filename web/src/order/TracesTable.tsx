import { Table } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Order } from '../../../src/api/contract/index.ts';
import { formatCount } from '../format/number.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { ErrorCount } from '../parts/Marks.tsx';
import { ServiceName } from '../parts/ServiceName.tsx';
import { EmptyState } from '../parts/States.tsx';
import { Duration, Instant } from '../parts/Times.tsx';
import { serviceColors } from '../trace/service-color.ts';
import styles from './order.module.css';

/** The traces that did work for the order. */
export function TracesTable({ order }: { readonly order: Order }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const colors = useMemo(() => serviceColors(order.traces.flatMap((trace) => trace.services)), [order.traces]);
  if (order.traces.length === 0) {
    return <EmptyState title={t('order.traces.empty')} hint={t('order.traces.emptyHint')} />;
  }
  return (
    <>
      <Table.ScrollContainer minWidth={860}>
        <Table verticalSpacing={4} horizontalSpacing={14} highlightOnHover className={styles['table'] ?? ''}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('order.traces.root')}</Table.Th>
              <Table.Th>{t('order.traces.services')}</Table.Th>
              <Table.Th>{t('order.traces.started')}</Table.Th>
              <Table.Th ta="right">{t('order.traces.duration')}</Table.Th>
              <Table.Th ta="right">{t('order.traces.spans')}</Table.Th>
              <Table.Th ta="right">{t('order.traces.errors')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {order.traces.map((trace) => (
              <Table.Tr key={trace.traceId} data-testid={`trace-row-${trace.traceId}`}>
                <Table.Td>
                  <Link
                    to="/traces/$traceId"
                    params={{ traceId: trace.traceId }}
                    className={`wb-link ${styles['rowLink']}`}
                    title={trace.traceId}
                  >
                    {trace.rootName}
                  </Link>
                </Table.Td>
                <Table.Td>
                  <span className={styles['services']}>
                    {trace.services.map((service) => (
                      <ServiceName key={service} service={service} color={colors.get(service)} />
                    ))}
                  </span>
                </Table.Td>
                <Table.Td>
                  <Instant at={trace.startedAt} />
                </Table.Td>
                <Table.Td ta="right">
                  <Duration ms={trace.durationMs} />
                </Table.Td>
                <Table.Td ta="right">{formatCount(trace.spanCount, language)}</Table.Td>
                <Table.Td ta="right">
                  <ErrorCount count={trace.errorCount} />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {order.tracesTruncated ? <p className={styles['truncated']}>{t('order.traces.truncated')}</p> : null}
    </>
  );
}
