import { Table } from '@mantine/core';
import { IconArrowsSplit2 } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Conformance } from '../../../src/api/contract/index.ts';
import { formatCount } from '../format/number.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { DataTable } from '../parts/DataTable.tsx';
import { StatusPill } from '../parts/Marks.tsx';
import { EmptyState } from '../parts/States.tsx';
import styles from './conformance.module.css';

/** What the lifecycle does not allow and happened nevertheless, with an example each. */
export function Deviations({ deviations }: { readonly deviations: Conformance['deviations'] }) {
  const { t } = useTranslation();
  const language = useLanguage();
  if (deviations.length === 0) {
    return <EmptyState title={t('conformance.noDeviations')} hint={t('conformance.noDeviationsHint')} />;
  }
  const columns = (['status', 'kind', 'occurrences', 'orders', 'example'] as const).map((key) => ({
    key,
    name: t(`conformance.columns.${key}`),
    align: key === 'occurrences' || key === 'orders' ? ('right' as const) : undefined,
  }));
  return (
    <DataTable columns={columns} minWidth={620} testId="conformance-deviations">
      {deviations.map((deviation) => (
        <Table.Tr key={`${deviation.kind}:${deviation.status}`}>
          <Table.Td>
            <StatusPill status={deviation.status} />
          </Table.Td>
          <Table.Td>
            <span className={styles['kind']}>
              <IconArrowsSplit2 size={15} stroke={1.9} aria-hidden />
              {t(`conformance.kinds.${deviation.kind}`)}
            </span>
          </Table.Td>
          <Table.Td ta="right">{formatCount(deviation.occurrences, language)}</Table.Td>
          <Table.Td ta="right">{formatCount(deviation.orders, language)}</Table.Td>
          <Table.Td>
            <Link to="/orders/$orderId" params={{ orderId: deviation.exampleOrderId }} className="wb-link wb-mono">
              {deviation.exampleOrderId}
            </Link>
          </Table.Td>
        </Table.Tr>
      ))}
    </DataTable>
  );
}
