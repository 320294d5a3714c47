import { IconClockExclamation } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { Handle, type Node, type NodeProps, Position } from '@xyflow/react';
import { useTranslation } from 'react-i18next';
import { formatDuration, formatDurationCompact } from '../format/duration.ts';
import { formatCount } from '../format/number.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { HealthIcon } from '../parts/Marks.tsx';
import styles from './map.module.css';
import type { StatusRow } from './rows.ts';

/** A status as a node of the graph. */
export type StatusNodeType = Node<{ row: StatusRow }, 'status'>;

function P95({ row }: { readonly row: StatusRow }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { p95Ms } = row.figures.completed;
  const { targetMs, final } = row.figures;
  if (final) return <span className={styles['nodeFoot']}>{t('orders.final')}</span>;
  return (
    <span className={styles['nodeFoot']} data-health={row.health}>
      <HealthIcon health={row.health} size={13} />
      <span className="wb-number wb-cut">
        {p95Ms === null ? '—' : formatDurationCompact(p95Ms, language)}
        {targetMs === null ? (
          ''
        ) : (
          <span className={styles['nodeTarget']}> / {formatDurationCompact(targetMs, language)}</span>
        )}
      </span>
    </span>
  );
}

function nodeLabel(row: StatusRow, t: ReturnType<typeof useTranslation>['t'], language: 'en' | 'ru'): string {
  const { figures, health } = row;
  const time = (ms: number | null): string => (ms === null ? '—' : formatDuration(ms, language));
  return t('map.nodeLabel', {
    label: figures.label[language],
    orders: t('map.ordersNow', { count: figures.open.count }),
    p95: time(figures.completed.p95Ms),
    target: time(figures.targetMs),
    health: t(`health.${health}`),
    over: t('map.over', { count: figures.open.overTarget }),
  });
}

/** One status: its name, its orders now, and how its p95 stands against the target; leads to its orders. */
export function StatusNode({ data: { row } }: NodeProps<StatusNodeType>) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { figures, health } = row;
  const label = nodeLabel(row, t, language);
  return (
    <>
      <Handle type="target" position={Position.Left} className={styles['handle'] ?? ''} isConnectable={false} />
      <Link
        to="/orders"
        search={{ status: figures.status }}
        className={styles['node']}
        data-health={figures.final ? 'none' : health}
        data-testid={`status-node-${figures.status}`}
        aria-label={label}
        title={`${figures.status}\n${label}`}
      >
        <span className={styles['nodeLabel']}>{figures.label[language]}</span>
        <span className={styles['nodeCounts']}>
          <span className={styles['nodeCount']}>{formatCount(figures.open.count, language)}</span>
          {figures.open.overTarget === 0 ? null : (
            <span className={styles['nodeOver']}>
              <IconClockExclamation size={13} stroke={2} aria-hidden />
              {formatCount(figures.open.overTarget, language)}
            </span>
          )}
        </span>
        <P95 row={row} />
      </Link>
      <Handle type="source" position={Position.Right} className={styles['handle'] ?? ''} isConnectable={false} />
    </>
  );
}
