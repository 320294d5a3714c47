import { IconClockQuestion } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Order } from '../../../src/api/contract/index.ts';
import { StatusPill } from '../parts/Marks.tsx';
import { Panel } from '../parts/Panel.tsx';
import { Instant } from '../parts/Times.tsx';
import { useAnomalyText } from './anomaly-text.ts';
import styles from './order.module.css';

/** Times that cannot be right, each with the visit that has it; they are shown as they came. Not there while there are none. */
export function ClockAnomalies({ order: { clockAnomalies, visits } }: { readonly order: Order }) {
  const { t } = useTranslation();
  const explain = useAnomalyText();
  if (clockAnomalies.length === 0) return null;
  return (
    <Panel
      title={
        <>
          {t('order.clock.title')} <span className={styles['count']}>{clockAnomalies.length}</span>
        </>
      }
      testId="order-clocks"
    >
      <ul className={styles['deviations']}>
        {clockAnomalies.map((anomaly) => {
          const visit = visits[anomaly.visitIndex];
          return (
            <li key={`${anomaly.visitIndex}:${anomaly.kind}`}>
              <IconClockQuestion size={16} stroke={1.9} className={styles['clockIcon']} aria-hidden />
              {visit === undefined ? null : <StatusPill status={visit.status} />} <span>{explain(anomaly)}</span>
              {visit === undefined ? null : (
                <span className="wb-dim">
                  <Instant at={visit.enteredAt} />
                </span>
              )}
            </li>
          );
        })}
      </ul>
    </Panel>
  );
}
