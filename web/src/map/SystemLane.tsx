import type { Node, NodeProps } from '@xyflow/react';
import styles from './map.module.css';

/** A swim-lane as a node of the graph. */
export type SystemLaneType = Node<{ title: string; unknown: boolean }, 'lane'>;

/** The band of one system behind its statuses. */
export function SystemLane({ data }: NodeProps<SystemLaneType>) {
  return (
    <div className={styles['lane']} data-unknown={data.unknown}>
      <span className={styles['laneTitle']}>{data.title}</span>
    </div>
  );
}
