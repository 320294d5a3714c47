import { type Edge, EdgeLabelRenderer, type EdgeProps } from '@xyflow/react';
import { useTranslation } from 'react-i18next';
import { formatCount } from '../format/number.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { useLifecycleView } from '../parts/lifecycle-view.ts';
import styles from './map.module.css';
import type { DrawnEdge } from './rows.ts';

/** The traffic between two statuses as an edge of the graph. */
export type TrafficEdgeType = Edge<{ edge: DrawnEdge }, 'traffic'>;

/** An edge as wide as its traffic; dashed where the lifecycle does not allow it. */
export function TrafficEdge({ data }: EdgeProps<TrafficEdgeType>) {
  const { t } = useTranslation();
  const language = useLanguage();
  const view = useLifecycleView();
  if (data === undefined) return null;
  const { figures, shape, strokeWidth } = data.edge;
  const names = { from: view.status(figures.from), to: view.status(figures.to), count: figures.count };
  const title = t('map.edge', names) + (figures.allowed ? '' : ` — ${t('map.edgeDeviating')}`);
  return (
    <>
      <path
        d={shape.path}
        className={styles['edge']}
        data-allowed={figures.allowed}
        data-idle={figures.count === 0}
        strokeWidth={figures.allowed ? strokeWidth : Math.min(strokeWidth, 3)}
      />
      <EdgeLabelRenderer>
        {figures.count === 0 ? null : (
          <span
            className={styles['edgeLabel']}
            data-allowed={figures.allowed}
            style={{ transform: `translate(-50%, -50%) translate(${shape.labelX}px, ${shape.labelY}px)` }}
            title={title}
          >
            <span aria-hidden>{formatCount(figures.count, language)}</span>
            <span className={styles['hidden']}>{title}</span>
          </span>
        )}
      </EdgeLabelRenderer>
    </>
  );
}
