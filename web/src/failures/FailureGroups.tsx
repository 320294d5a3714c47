import { Table } from '@mantine/core';
import { IconBinaryTree2 } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Failures } from '../../../src/api/contract/index.ts';
import { formatCount } from '../format/number.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { DataTable } from '../parts/DataTable.tsx';
import { FailureClassMark, SpanLink } from '../parts/FailureMarks.tsx';
import { StatusPill } from '../parts/Marks.tsx';
import { ServiceName } from '../parts/ServiceName.tsx';
import { Instant } from '../parts/Times.tsx';
import styles from './failures.module.css';

type Group = Failures['groups'][number];

function Row({ group }: { readonly group: Group }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { example } = group;
  return (
    <Table.Tr data-testid={`failure-group-${group.class}-${group.service}`}>
      <Table.Td>
        <FailureClassMark of={group.class} />
      </Table.Td>
      <Table.Td>
        <ServiceName service={group.service} />
      </Table.Td>
      <Table.Td>
        <SpanLink at={example}>{group.operation}</SpanLink>
      </Table.Td>
      <Table.Td>
        {group.status === null ? (
          <span className="wb-dim">{t('failure.noStatus')}</span>
        ) : (
          <StatusPill status={group.status} />
        )}
      </Table.Td>
      <Table.Td ta="right" fw={600}>
        {formatCount(group.failures, language)}
      </Table.Td>
      <Table.Td ta="right">{formatCount(group.orders, language)}</Table.Td>
      <Table.Td ta="right">
        <span className={group.failedOrders > 0 ? styles['bad'] : 'wb-dim'}>
          {formatCount(group.failedOrders, language)}
        </span>
      </Table.Td>
      <Table.Td ta="right">
        <span className={group.recoveredOrders > 0 ? '' : 'wb-dim'}>
          {formatCount(group.recoveredOrders, language)}
        </span>
      </Table.Td>
      <Table.Td>
        <Instant at={group.lastAt} relative />
      </Table.Td>
      <Table.Td>
        <span className={styles['example']}>
          <Link to="/orders/$orderId" params={{ orderId: example.orderId }} className="wb-link wb-mono">
            {example.orderId}
          </Link>
          <SpanLink at={example} className={`wb-link ${styles['span']}`}>
            <IconBinaryTree2 size={14} stroke={1.7} aria-hidden />
            <span className="wb-mono">{example.spanId.slice(0, 8)}</span>
          </SpanLink>
        </span>
      </Table.Td>
    </Table.Tr>
  );
}

/** Failures by where they happened, the most frequent first; each leads to its latest example. */
export function FailureGroups({ groups, stale }: { readonly groups: readonly Group[]; readonly stale: boolean }) {
  const { t } = useTranslation();
  const right = { align: 'right' } as const;
  const columns = [
    { key: 'class', name: t('failure.columns.class') },
    { key: 'service', name: t('failure.columns.service') },
    { key: 'operation', name: t('failure.columns.operation') },
    { key: 'status', name: t('failure.columns.status') },
    { key: 'failures', name: t('failures.columns.failures'), ...right },
    { key: 'orders', name: t('failures.columns.orders'), ...right },
    { key: 'failed', name: t('failures.columns.failed'), ...right },
    { key: 'recovered', name: t('failures.columns.recovered'), ...right },
    { key: 'last', name: t('failures.columns.last') },
    { key: 'example', name: t('failures.columns.example') },
  ];
  return (
    <DataTable columns={columns} minWidth={1080} stale={stale} testId="failure-groups">
      {groups.map((group) => (
        <Row key={[group.class, group.status, group.service, group.operation].join('\n')} group={group} />
      ))}
    </DataTable>
  );
}
