import { Table } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { DeadLetterQueue, DeadLetters } from '../../../src/api/contract/index.ts';
import { formatCount } from '../format/number.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { DataTable } from '../parts/DataTable.tsx';
import { Panel } from '../parts/Panel.tsx';
import { hasSeveralBrokers, placeNote } from '../parts/queue-place.ts';
import styles from './dead-letters.module.css';

function Row({ queue, severalBrokers }: { readonly queue: DeadLetterQueue; readonly severalBrokers: boolean }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const count = (value: number | null) => (value === null ? '—' : formatCount(value, language));
  return (
    <Table.Tr>
      <Table.Th scope="row" className="wb-mono">
        {queue.queue} <span className="wb-place">{placeNote(queue, severalBrokers)}</span>
      </Table.Th>
      <Table.Td className="wb-mono">
        {queue.sources.map(({ queue: source, certain }) => (certain ? source : `${source}?`)).join(', ')}
      </Table.Td>
      <Table.Td ta="right" fw={600} className={(queue.depth ?? 0) > 0 ? (styles['reason'] ?? '') : ''}>
        {count(queue.depth)}
      </Table.Td>
      <Table.Td ta="right">{count(queue.unresolved)}</Table.Td>
      <Table.Td ta="right">{count(queue.consumers)}</Table.Td>
      <Table.Td>
        {queue.watch === null ? '—' : t(`deadLetters.watch.${queue.watch}`)}
        {queue.watchLimit === null ? null : (
          <span className="wb-dim">
            {' '}
            ({t(`deadLetters.limits.${queue.watchLimit === 'too_many' ? 'excess' : queue.watchLimit}`)})
          </span>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

/** Every dead-letter queue, and how much of it is seen. */
export function DeadLetterQueues({ queues, lost }: Pick<DeadLetters, 'queues' | 'lost'>) {
  const { t } = useTranslation();
  if (queues.length === 0 && lost.length === 0) return null;
  const severalBrokers = hasSeveralBrokers([...queues, ...lost]);
  const right = { align: 'right' } as const;
  const columns = [
    { key: 'queue', name: t('queues.columns.queue') },
    { key: 'sources', name: t('deadLetters.columns.sources') },
    { key: 'depth', name: t('queues.columns.depth'), ...right },
    { key: 'known', name: t('deadLetters.columns.known'), hint: t('deadLetters.knownHint'), ...right },
    { key: 'consumers', name: t('queues.columns.consumers'), ...right },
    { key: 'watch', name: t('deadLetters.columns.watch') },
  ];
  return (
    <Panel flush title={t('deadLetters.queues')} testId="dead-letter-queues">
      <DataTable columns={columns} minWidth={760}>
        {queues.map((queue) => (
          <Row key={`${queue.broker}\n${queue.vhost}\n${queue.queue}`} queue={queue} severalBrokers={severalBrokers} />
        ))}
      </DataTable>
      {lost.length === 0 ? null : (
        <p className={styles['lost']}>
          {t('deadLetters.lost')}{' '}
          <span className="wb-mono">
            {lost.map((each) => `${each.queue} ${placeNote(each, severalBrokers)}`.trim()).join(', ')}
          </span>
        </p>
      )}
    </Panel>
  );
}
