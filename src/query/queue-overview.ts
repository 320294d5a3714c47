import { MIN_UNIX_NANO } from '../model/units.ts';
import type { StoreClient } from '../store/client.ts';
import {
  type DeadLetterFilter,
  type DeadLetterPage,
  deadLettersByReason,
  listDeadLetters,
  type QueueDeaths,
  queueDeaths,
} from './dead-letters.ts';
import { type QueueState, queueStates } from './queue-samples.ts';
import { type QueueFigures, type QueueWindow, queueFigures } from './queues.ts';

/** Everything that is known of a queue; `state` is null where it was not sampled, `deaths` where none are known. */
export interface QueueOverview extends QueueFigures {
  readonly state: QueueState | null;
  readonly deaths: QueueDeaths | null;
}

/** What messages, samples and dead letters say of queues, put together. */
export async function queueOverview(store: StoreClient, window: QueueWindow): Promise<QueueOverview[]> {
  const [figures, states, deaths] = await Promise.all([
    queueFigures(store, window),
    queueStates(store, window.at),
    queueDeaths(store, window),
  ]);
  return overviewOf(figures, states, deaths);
}

/** One page of dead letters, how many there are by reason, the queues that hold such, and those that lose them. */
export async function deadLetterAnswer(store: StoreClient, filter: DeadLetterFilter, page: DeadLetterPage) {
  const [letters, byReason, states, deaths] = await Promise.all([
    listDeadLetters(store, filter, page),
    deadLettersByReason(store, filter),
    queueStates(store, filter.at),
    queueDeaths(store, { since: MIN_UNIX_NANO, at: filter.at }),
  ]);
  const queues = overviewOf([], states, deaths);
  return {
    letters,
    byReason,
    queues: queues.filter(
      ({ state, deaths: own }) => (state?.details?.deadLetterOf.length ?? 0) > 0 || (own?.unresolved ?? 0) > 0,
    ),
    lost: queues.filter(({ state }) => state?.details?.deadLettersLost === true),
  };
}

/** A queue that one of them knows is there. By name. */
function overviewOf(
  figures: readonly QueueFigures[],
  states: readonly QueueState[],
  deaths: ReadonlyMap<string, QueueDeaths>,
): QueueOverview[] {
  const figureOf = new Map(figures.map((each) => [keyOf(each), each]));
  const stateOf = new Map(states.map((each) => [keyOf(each), each]));
  const keys = [...new Set([...figureOf.keys(), ...stateOf.keys(), ...deaths.keys()])].sort();
  return keys.map((key) => {
    const state = stateOf.get(key) ?? null;
    const died = deaths.get(key) ?? null;
    const [vhost = '', queue = ''] = key.split('\n');
    return { ...(figureOf.get(key) ?? withoutMessages(vhost, queue)), state, deaths: died };
  });
}

function keyOf({ vhost, queue }: { readonly vhost: string; readonly queue: string }): string {
  return `${vhost}\n${queue}`;
}

function withoutMessages(vhost: string, queue: string): QueueFigures {
  return {
    vhost,
    queue,
    delay: {
      count: 0,
      meanMs: null,
      p50Ms: null,
      p95Ms: null,
      source: null,
      estimatedP95Ms: null,
      suppressed: 0,
      anomalies: 0,
    },
    waiting: { count: 0, oldestMs: null, p50AgeMs: null },
    paired: null,
    redelivered: 0,
  };
}
