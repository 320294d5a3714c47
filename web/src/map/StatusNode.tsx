import { IconAlertTriangle, IconClockExclamation, IconMailOff } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { Handle, type Node, type NodeProps, Position } from '@xyflow/react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { formatDuration, formatDurationCompact } from '../format/duration.ts';
import { formatCount } from '../format/number.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { HealthIcon } from '../parts/Marks.tsx';
import { formatEstimate, formatInterval } from './estimate.ts';
import styles from './map.module.css';
import type { StatusRow } from './rows.ts';

/** A status as a node of the graph. */
export type StatusNodeType = Node<{ row: StatusRow }, 'status'>;

function P95({ row }: { readonly row: StatusRow }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { targetMs, final } = row.figures;
  if (final) return <span className={styles['nodeFoot']}>{t('orders.final')}</span>;
  return (
    <span className={styles['nodeFoot']} data-health={row.health}>
      <HealthIcon health={row.health} size={13} />
      <span className="wb-number wb-cut">
        {formatEstimate(row.p95, language, true)}
        {targetMs === null ? (
          ''
        ) : (
          <span className={styles['nodeTarget']}> / {formatDurationCompact(targetMs, language)}</span>
        )}
      </span>
    </span>
  );
}

/** What the node shows, in words: the first line is its name for screen readers, the others say which p95 is which. */
function useNodeLines(row: StatusRow): string[] {
  const { t } = useTranslation();
  const language = useLanguage();
  const { figures, health } = row;
  const time = (ms: number | null): string => (ms === null ? '—' : formatDuration(ms, language));
  const head = t('map.nodeLabel', {
    label: figures.label[language],
    orders: t('map.ordersNow', { count: figures.open.count }),
    target: time(figures.targetMs),
    health: t(`health.${health}`),
    over: t('map.over', { count: figures.open.overTarget }),
    failed: t('map.failed', { count: row.failures ?? 0 }),
  });
  const dead = figures.deadLetterOrders;
  const letters = dead === 0 ? [] : [t('map.deadLetters', { count: dead })];
  if (figures.final) return [head, ...letters];
  return [
    head,
    ...letters,
    t('map.estimatedLine', { p95: formatEstimate(row.p95, language), interval: formatInterval(row.p95, language) }),
    t('map.completedLine', { count: figures.completed.count, p95: time(figures.completed.p95Ms) }),
  ];
}

function Badge({ count, icon, testId }: { readonly count: number; readonly icon: ReactNode; readonly testId: string }) {
  const language = useLanguage();
  if (count === 0) return null;
  return (
    <span className={styles['nodeOver']} data-testid={testId}>
      {icon}
      {formatCount(count, language)}
    </span>
  );
}

/** One status: its name, its orders now, and how its estimated p95 stands against the target; leads to its page. */
export function StatusNode({ data: { row } }: NodeProps<StatusNodeType>) {
  const language = useLanguage();
  const { figures, health } = row;
  const lines = useNodeLines(row);
  return (
    <>
      <Handle type="target" position={Position.Left} className={styles['handle'] ?? ''} isConnectable={false} />
      <Link
        to="/statuses/$status"
        params={{ status: figures.status }}
        className={styles['node']}
        data-health={figures.final ? 'none' : health}
        data-testid={`status-node-${figures.status}`}
        aria-label={lines.join('; ')}
        title={[figures.status, ...lines].join('\n')}
      >
        <span className={styles['nodeLabel']}>{figures.label[language]}</span>
        <span className={styles['nodeCounts']}>
          <span className={styles['nodeCount']}>{formatCount(figures.open.count, language)}</span>
          <span className={styles['nodeBadges']}>
            <Badge
              count={figures.open.overTarget}
              icon={<IconClockExclamation size={13} stroke={2} aria-hidden />}
              testId={`status-stuck-${figures.status}`}
            />
            <Badge
              count={row.failures ?? 0}
              icon={<IconAlertTriangle size={13} stroke={2} aria-hidden />}
              testId={`status-failures-${figures.status}`}
            />
            <Badge
              count={figures.deadLetterOrders}
              icon={<IconMailOff size={13} stroke={2} aria-hidden />}
              testId={`status-dead-letters-${figures.status}`}
            />
          </span>
        </span>
        <P95 row={row} />
      </Link>
      <Handle type="source" position={Position.Right} className={styles['handle'] ?? ''} isConnectable={false} />
    </>
  );
}
