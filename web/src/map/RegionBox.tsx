import type { Node, NodeProps } from '@xyflow/react';
import styles from './map.module.css';

/** The statuses of one region in one lane, as a node of the graph. */
export type RegionBoxType = Node<{ title: string }, 'region'>;

/** The frame around the statuses of a region in the lane of a system. */
export function RegionBox({ data }: NodeProps<RegionBoxType>) {
  return (
    <div className={styles['region']}>
      <span className={styles['regionTitle']}>{data.title}</span>
    </div>
  );
}
