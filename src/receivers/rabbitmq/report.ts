import type { UnixNano } from '../../model/units.ts';
import type { QueueCoverage } from './coverage.ts';

/** Where the tracer of one virtual host stands. */
export type BrokerState = 'connecting' | 'running' | 'paused' | 'failed' | 'stopped';

/** Everything that an operator needs to know of the tracer of one virtual host. No secrets in it. */
export interface BrokerReport {
  readonly name: string;
  /** `host:port`. */
  readonly address: string;
  /** As stored rows name it: several virtual hosts may have the same. */
  readonly broker: string;
  readonly vhost: string;
  readonly state: BrokerState;
  /** Since when. */
  readonly since: UnixNano;
  /** One sentence where something is not as it should be; else null. */
  readonly reason: string | null;
  /** What to do about it; null where nothing is to be done. */
  readonly remedy: string | null;
  /** Attempts to connect that failed in a row. */
  readonly failures: number;
  /** Whether the broker makes events; `unknown` while nothing tells. */
  readonly tracing: 'on' | 'off' | 'unknown';
  readonly published: number;
  readonly delivered: number;
  /** Events that could not be read. */
  readonly malformed: number;
  /** Events that came again and could not be told from new ones. */
  readonly repeated: number;
  /** Events that Waybill itself had to leave out. */
  readonly dropped: number;
  /** Sightings that give no queue delay because the tracer lagged. */
  readonly unreliable: number;
  /** Events that the broker made and the tracer never got, by the broker's counters; null where they are not known. */
  readonly estimatedLost: number | null;
  /** Events that wait in the tracer's queue. */
  readonly backlog: number;
  readonly lagMs: number;
  /** Pauses since the start. */
  readonly pauses: number;
  readonly coverage: Omit<QueueCoverage, 'queue'> | null;
  readonly queues: readonly QueueCoverage[];
  /** Since when the tracer runs without a break: messages that only their order tells apart are followed from there. */
  readonly followedSince: UnixNano;
}

/** A line of the log; never holds secrets or what was in messages. */
export type ReceiverLog = (
  level: 'info' | 'warn',
  message: string,
  fields?: Readonly<Record<string, string | number>>,
) => void;
