import { Table } from '@mantine/core';
import { IconBinaryTree2 } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Failure, Order } from '../../../src/api/contract/index.ts';
import { formatDuration } from '../format/duration.ts';
import { epochMs } from '../format/time.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { DataTable } from '../parts/DataTable.tsx';
import { FailureClassMark, OutcomeMark, SpanLink } from '../parts/FailureMarks.tsx';
import { StatusPill } from '../parts/Marks.tsx';
import { ServiceName } from '../parts/ServiceName.tsx';
import { Instant } from '../parts/Times.tsx';
import styles from './order.module.css';

function Row({ failure }: { readonly failure: Failure }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { at, movedOnAt } = failure;
  return (
    <Table.Tr data-testid={`order-failure-${failure.spanId}`}>
      <Table.Td>
        <Instant at={at} />
      </Table.Td>
      <Table.Td>
        <FailureClassMark of={failure.class} />
      </Table.Td>
      <Table.Td>
        <ServiceName service={failure.service} />
      </Table.Td>
      <Table.Td>{failure.operation}</Table.Td>
      <Table.Td>
        {failure.status === null ? (
          <span className="wb-dim">{t('failure.noStatus')}</span>
        ) : (
          <StatusPill status={failure.status} />
        )}
      </Table.Td>
      <Table.Td>
        <OutcomeMark outcome={failure.outcome} />{' '}
        {movedOnAt === null ? null : (
          <span className="wb-dim">
            {t('failure.movedOn', { length: formatDuration(epochMs(movedOnAt) - epochMs(at), language) })}
          </span>
        )}
      </Table.Td>
      <Table.Td>
        <SpanLink at={failure} className={`wb-link ${styles['traceLink']}`}>
          <IconBinaryTree2 size={14} stroke={1.7} aria-hidden />
          <span className="wb-mono">{failure.spanId.slice(0, 8)}</span>
        </SpanLink>
      </Table.Td>
    </Table.Tr>
  );
}

/** What failed in work for the order, and what became of it; earliest first. */
export function FailuresTable({ order }: { readonly order: Order }) {
  const { t } = useTranslation();
  const columns = (['at', 'class', 'service', 'operation', 'status', 'outcome', 'span'] as const).map((key) => ({
    key,
    name: t(`failure.columns.${key}`),
  }));
  return (
    <>
      <DataTable columns={columns} minWidth={980}>
        {order.failures.map((failure) => (
          <Row key={`${failure.traceId}:${failure.spanId}`} failure={failure} />
        ))}
      </DataTable>
      {order.failuresLeftOut === 0 ? null : (
        <p className={styles['truncated']}>{t('failure.leftOut', { count: order.failuresLeftOut })}</p>
      )}
    </>
  );
}
