import type { DeathReason } from '../model/message.ts';
import type { StoreClient } from '../store/client.ts';
import { clientDelays, withClientDelays, withoutMessages } from './client-delays.ts';
import { type QueueDeaths, queueDeaths } from './dead-letters/counts.ts';
import { type DeadLetterFilter, type DeadLetterPage, listDeadLetters } from './dead-letters/list.ts';
import { type QueueState, queueStates } from './queue-samples.ts';
import { type QueueFigures, type QueuePlace, type QueueWindow, queueFigures, queueKey } from './queues.ts';

/** Everything that is known of a queue; `state` is null where it was not sampled, `deaths` where none are known. */
export interface QueueOverview extends QueueFigures {
  readonly state: QueueState | null;
  readonly deaths: QueueDeaths | null;
}

/** What messages, spans of clients, samples and dead letters say of queues, put together. */
export async function queueOverview(store: StoreClient, window: QueueWindow): Promise<QueueOverview[]> {
  const [figures, clients, states, deaths] = await Promise.all([
    queueFigures(store, window),
    clientDelays(store, window),
    queueStates(store, window.at),
    queueDeaths(store, window),
  ]);
  return overviewOf(withClientDelays(figures, clients, states), states, deaths);
}

/** One page of dead letters, how many there are by reason, the queues that hold such, and those that lose them. */
export async function deadLetterAnswer(store: StoreClient, filter: DeadLetterFilter, page: DeadLetterPage) {
  const [{ letters, groups }, states] = await Promise.all([
    listDeadLetters(store, filter, page),
    queueStates(store, filter.at),
  ]);
  const byReason = new Map<DeathReason, number>();
  for (const { reason, matching } of groups) {
    if (matching > 0) byReason.set(reason, (byReason.get(reason) ?? 0) + matching);
  }
  const held = new Map<string, QueuePlace & { unresolved: number }>();
  for (const { broker, vhost, queue, resolved, letters: count } of groups) {
    if (resolved) continue;
    const place = { broker, vhost, queue };
    held.set(queueKey(place), { ...place, unresolved: (held.get(queueKey(place))?.unresolved ?? 0) + count });
  }
  const known = new Map([...states, ...held.values()].map((each) => [queueKey(each), each]));
  const stateOf = new Map(states.map((each) => [queueKey(each), each]));
  const queues = [...known].sort(byKey).map(([key, { broker, vhost, queue }]) => ({
    broker,
    vhost,
    queue,
    state: stateOf.get(key) ?? null,
    unresolved: held.get(key)?.unresolved ?? 0,
  }));
  return {
    letters,
    byReason,
    queues: queues.filter(({ state, unresolved }) => (state?.details?.deadLetterOf.length ?? 0) > 0 || unresolved > 0),
    lost: queues.filter(({ state }) => state?.details?.deadLettersLost === true),
  };
}

/** A queue that one of them knows is there. By name. */
function overviewOf(
  figures: readonly QueueFigures[],
  states: readonly QueueState[],
  deaths: readonly QueueDeaths[],
): QueueOverview[] {
  const figureOf = new Map(figures.map((each) => [queueKey(each), each]));
  const stateOf = new Map(states.map((each) => [queueKey(each), each]));
  const deathsOf = new Map(deaths.map((each) => [queueKey(each), each]));
  const places = new Map<string, QueuePlace>([...figures, ...states, ...deaths].map((each) => [queueKey(each), each]));
  return [...places].sort(byKey).map(([key, place]) => ({
    ...(figureOf.get(key) ?? withoutMessages(place)),
    state: stateOf.get(key) ?? null,
    deaths: deathsOf.get(key) ?? null,
  }));
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
