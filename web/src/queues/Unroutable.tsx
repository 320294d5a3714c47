import { Table } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Queues } from '../../../src/api/contract/index.ts';
import { formatCount } from '../format/number.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { DataTable } from '../parts/DataTable.tsx';
import { Panel } from '../parts/Panel.tsx';
import { hasSeveralBrokers, placeNote } from '../parts/queue-place.ts';
import { Instant } from '../parts/Times.tsx';
import styles from './queues.module.css';

/** Publications that no queue took: the broker drops them without a word. */
export function Unroutable({ unroutable, brokers }: Pick<Queues, 'unroutable' | 'brokers'>) {
  const { t } = useTranslation();
  const language = useLanguage();
  if (unroutable.length === 0) return null;
  const severalBrokers = hasSeveralBrokers(brokers);
  const columns = [
    { key: 'exchange', name: t('queues.columns.exchange') },
    { key: 'routingKey', name: t('queues.columns.routingKey') },
    { key: 'count', name: t('queues.columns.messages'), align: 'right' as const },
    { key: 'last', name: t('queues.columns.last') },
  ];
  return (
    <Panel
      flush
      title={t('queues.unroutable')}
      aside={<span className="wb-dim">{t('queues.unroutableHint')}</span>}
      testId="unroutable"
    >
      <DataTable columns={columns} minWidth={520}>
        {unroutable.map(({ broker, vhost, exchange, routingKey, count, lastAt }) => (
          <Table.Tr key={`${broker}\n${vhost}\n${exchange}\n${routingKey}`}>
            <Table.Td className="wb-mono">
              {exchange === '' ? t('queues.defaultExchange') : exchange}{' '}
              <span className="wb-place">{placeNote({ broker, vhost }, severalBrokers)}</span>
            </Table.Td>
            <Table.Td className="wb-mono">{routingKey}</Table.Td>
            <Table.Td ta="right" fw={600} className={styles['bad'] ?? ''}>
              {formatCount(count, language)}
            </Table.Td>
            <Table.Td>
              <Instant at={lastAt} relative />
            </Table.Td>
          </Table.Tr>
        ))}
      </DataTable>
    </Panel>
  );
}
