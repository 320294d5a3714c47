import { IconLock } from '@tabler/icons-react';
import { type Edge, EdgeLabelRenderer, type EdgeProps } from '@xyflow/react';
import { useTranslation } from 'react-i18next';
import { useLanguage } from '../i18n/i18n.ts';
import { quoted } from '../i18n/language.ts';
import { useLifecycleView } from '../parts/lifecycle-view.ts';
import type { GuardEdge } from './guards.ts';
import styles from './map.module.css';

/** A guard as an edge of the graph. */
export type GuardLineType = Edge<{ guard: GuardEdge }, 'guard'>;

/** A dotted line from a status to one that waits for it; the lock on it says what waits for what. */
export function GuardLine({ data }: EdgeProps<GuardLineType>) {
  const { t } = useTranslation();
  const language = useLanguage();
  const view = useLifecycleView();
  if (data === undefined) return null;
  const { moves, shape } = data.guard;
  const name = (status: string): string => quoted(view.status(status), language);
  const title = moves
    .map(({ from, to, requires }) => {
      const guards = requires.map(name).join(', ');
      return from === null
        ? t('map.guardStart', { to: name(to), guards })
        : t('map.guard', { from: name(from), to: name(to), guards });
    })
    .join('\n');
  return (
    <>
      <path d={shape.path} className={styles['guard']} markerEnd="url(#wb-guard-arrow)" />
      <EdgeLabelRenderer>
        <span
          className={styles['guardLabel']}
          style={{ transform: `translate(-50%, -50%) translate(${shape.labelX}px, ${shape.labelY}px)` }}
          title={title}
        >
          <IconLock size={11} stroke={1.9} aria-hidden />
          <span className={styles['hidden']}>{title}</span>
        </span>
      </EdgeLabelRenderer>
    </>
  );
}
