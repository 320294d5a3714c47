import type { DeathReason } from '../../model/message.ts';
import type { UnixNano } from '../../model/units.ts';
import type { StoreClient } from '../../store/client.ts';
import { unresolvedByQueue } from '../dead-letters/counts.ts';
import { queueStates } from '../queue-samples.ts';
import { unroutableMessages } from '../queues.ts';

/** The fullest queues are told apart; further ones are left out. */
const MAX_QUEUES = 200;
const HOUR: UnixNano = 3_600_000_000_000n;

/** What brokers and their dead-letter queues hold. */
export interface BrokerFigures {
  readonly queues: readonly {
    readonly broker: string;
    readonly vhost: string;
    readonly queue: string;
    readonly ready: number;
    readonly unacked: number;
    readonly consumers: number;
  }[];
  readonly deadLetters: readonly {
    readonly broker: string;
    readonly vhost: string;
    readonly queue: string;
    readonly reason: DeathReason;
    readonly count: number;
  }[];
  /** Of the last hour. */
  readonly unroutable: readonly {
    readonly broker: string;
    readonly vhost: string;
    readonly exchange: string;
    readonly count: number;
  }[];
}

/** Reads the figures of queues as they are now. */
export async function brokerFigures(store: StoreClient, now: UnixNano): Promise<BrokerFigures> {
  const [states, deadLetters, unroutable] = await Promise.all([
    queueStates(store, now),
    unresolvedByQueue(store, now),
    unroutableMessages(store, { since: now - HOUR, at: now, followedSince: [] }),
  ]);
  const byDepth = states.toSorted((a, b) => b.ready + b.unacked - (a.ready + a.unacked));
  const exchanges = Map.groupBy(unroutable, ({ broker, vhost, exchange }) => JSON.stringify([broker, vhost, exchange]));
  return {
    queues: byDepth.slice(0, MAX_QUEUES),
    deadLetters: deadLetters.slice(0, MAX_QUEUES),
    unroutable: [...exchanges.values()].flatMap((group) => {
      const [first] = group;
      const count = group.reduce((sum, each) => sum + each.count, 0);
      if (first === undefined) return [];
      const { broker, vhost, exchange } = first;
      return [{ broker, vhost, exchange, count }];
    }),
  };
}
