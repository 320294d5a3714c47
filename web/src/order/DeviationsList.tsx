import { IconArrowsSplit2 } from '@tabler/icons-react';
import type { Deviation } from '../../../src/api/contract/index.ts';
import { Instant } from '../parts/Times.tsx';
import { useDeviationText } from './deviation-text.ts';
import styles from './order.module.css';

/** Deviations explained in words, in the order they happened. */
export function DeviationsList({ deviations }: { readonly deviations: readonly Deviation[] }) {
  const explain = useDeviationText();
  return (
    <ul className={styles['deviations']}>
      {deviations.map((deviation) => (
        <li key={`${deviation.visitIndex}:${deviation.kind}`}>
          <IconArrowsSplit2 size={16} stroke={1.9} className={styles['deviationIcon']} aria-hidden />
          <span>{explain(deviation)}</span>
          <span className="wb-dim">
            <Instant at={deviation.at} />
          </span>
        </li>
      ))}
    </ul>
  );
}
