import { Table } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Queues } from '../../../src/api/contract/index.ts';
import { formatDuration } from '../format/duration.ts';
import { formatCount, formatPercent } from '../format/number.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { DataTable } from '../parts/DataTable.tsx';
import { hasSeveralBrokers, placeNote } from '../parts/queue-place.ts';
import { Duration } from '../parts/Times.tsx';
import styles from './queues.module.css';

export type QueueFigures = Queues['queues'][number];

/** A share below this is called out: figures beside it say little. */
const LOW_COVERAGE = 0.95;

function Count({ value, alarm = false }: { readonly value: number | null; readonly alarm?: boolean }) {
  const language = useLanguage();
  if (value === null) return <span className="wb-dim">—</span>;
  const tone = alarm && value > 0 ? styles['bad'] : value === 0 ? 'wb-dim' : '';
  return <span className={tone}>{formatCount(value, language)}</span>;
}

/** The share of what happened that was seen, with what it is made of on hover. */
function Coverage({ coverage }: Pick<QueueFigures, 'coverage'>) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { share, seen, counted, paired } = coverage;
  const parts = [
    seen === null || counted === null
      ? t('queues.coverageUnknown')
      : t('queues.coverageHint', { seen: formatCount(seen, language), counted: formatCount(counted, language) }),
    paired === null ? '' : t('queues.pairedHint', { share: formatPercent(paired, language) }),
  ];
  return (
    <span title={parts.join(' ')} className={share !== null && share < LOW_COVERAGE ? styles['bad'] : ''}>
      {share === null ? '—' : formatPercent(share, language)}
    </span>
  );
}

/** Why the delays may be off, on hover: whose clock, how far, and what was left out. */
function useDelayHint({ delay }: QueueFigures): string {
  const { t } = useTranslation();
  const language = useLanguage();
  return [
    delay.source === null ? '' : t(`queues.sources.${delay.source}`),
    delay.uncertaintyMs === null ? '' : t('queues.uncertainty', { ms: formatDuration(delay.uncertaintyMs, language) }),
    delay.suppressed === 0 ? '' : t('queues.suppressed', { count: delay.suppressed }),
    delay.anomalies === 0 ? '' : t('queues.anomalies', { count: delay.anomalies }),
  ]
    .filter((part) => part !== '')
    .join(' ');
}

/** How many messages died in the queue, by reason on hover, and where they are now. */
function Deaths({ queue }: { readonly queue: QueueFigures }) {
  const { t } = useTranslation();
  const { deadLettered: dead, deadLetterTo } = queue;
  if (dead === null) {
    return (
      <span title={t('queues.deadUnknown')}>
        <Count value={null} />
      </span>
    );
  }
  const hint = (['rejected', 'expired', 'maxlen', 'deliveryLimit'] as const)
    .map((reason) => `${t(`queues.reasons.${reason}`)}: ${dead[reason]}`)
    .join(', ');
  const count = <Count value={dead.rejected + dead.expired + dead.maxlen + dead.deliveryLimit} alarm />;
  const [to] = deadLetterTo;
  if (to === undefined) return <span title={hint}>{count}</span>;
  return (
    <Link to="/dead-letters" search={{ queue: to }} className="wb-link" title={hint}>
      {count}
    </Link>
  );
}

function Row({ queue, severalBrokers }: { readonly queue: QueueFigures; readonly severalBrokers: boolean }) {
  const { t } = useTranslation();
  const { delay, waiting } = queue;
  const hint = useDelayHint(queue);
  const place = placeNote(queue, severalBrokers);
  return (
    <Table.Tr data-testid={`queue-${queue.queue}`}>
      <Table.Th scope="row" className="wb-mono">
        {queue.queue}
        {place === '' ? null : <span className="wb-place"> {place}</span>}
        {delay.source === 'client_spans' ? (
          <span className={styles['vhost']} title={hint}>
            {t('queues.bySpans')}
          </span>
        ) : null}
      </Table.Th>
      <Table.Td ta="right" fw={600} title={hint}>
        <Duration ms={delay.p95Ms} />
      </Table.Td>
      <Table.Td ta="right" title={hint}>
        <Duration ms={delay.p50Ms} />
      </Table.Td>
      <Table.Td ta="right" title={hint}>
        <Duration ms={delay.meanMs} />
      </Table.Td>
      <Table.Td ta="right" title={t('queues.estimatedHint')}>
        <Duration ms={delay.estimatedP95Ms} />
      </Table.Td>
      <Table.Td ta="right">
        <Count value={delay.count} />
        {delay.suppressed > 0 ? (
          <span className={styles['suppressed']} title={hint}>{` −${delay.suppressed}`}</span>
        ) : null}
      </Table.Td>
      <Table.Td ta="right" title={t('queues.waitingHint')}>
        <Count value={waiting.count} />
      </Table.Td>
      <Table.Td ta="right">
        <Duration ms={waiting.oldestMs} />
      </Table.Td>
      <Table.Td ta="right">
        <Count value={queue.depth} />
      </Table.Td>
      <Table.Td ta="right">
        <Count value={queue.unacked} />
      </Table.Td>
      <Table.Td ta="right">
        <Count value={queue.consumers} />
      </Table.Td>
      <Table.Td ta="right">
        <Count value={queue.redelivered} />
      </Table.Td>
      <Table.Td ta="right">
        <Deaths queue={queue} />
      </Table.Td>
      <Table.Td ta="right">
        <Coverage coverage={queue.coverage} />
      </Table.Td>
    </Table.Tr>
  );
}

/** The columns behind the name. */
const FIGURES = [
  'p95',
  'p50',
  'mean',
  'estimated',
  'messages',
  'waiting',
  'oldest',
  'depth',
  'unacked',
  'consumers',
  'redelivered',
  'dead',
  'coverage',
] as const;

/** Every queue in one line: how long messages wait, how many wait now, what died, and how much of it was seen. */
export function QueuesTable({ queues }: { readonly queues: readonly QueueFigures[] }) {
  const { t } = useTranslation();
  const severalBrokers = hasSeveralBrokers(queues);
  const right = { align: 'right' } as const;
  const columns = [
    { key: 'queue', name: t('queues.columns.queue') },
    ...FIGURES.map((key) => ({ key, name: t(`queues.columns.${key}`), ...right })),
  ];
  return (
    <div className={styles['tight']}>
      <DataTable columns={columns} minWidth={1060} testId="queues-table">
        {queues.map((queue) => (
          <Row key={`${queue.broker}\n${queue.vhost}\n${queue.queue}`} queue={queue} severalBrokers={severalBrokers} />
        ))}
      </DataTable>
    </div>
  );
}
