import type { DurationNano, UnixNano } from '../../model/units.ts';
import type { WorkSpan } from '../../model/work-span.ts';
import { coverage, type Interval, subtract, type United, unite } from './intervals.ts';
import { growTrees, isReceive, isSend, type WorkNode } from './work-tree.ts';

/** Time of somebody. */
export interface NamedTime {
  readonly name: string;
  readonly time: DurationNano;
}

/**
 * What a dwell consists of; nanoseconds.
 *
 * Work of several services at the same time counts for each of them, so `services`, `external` and `queue` together may be more than
 * the dwell. `idle` is exact: the dwell without everything else.
 */
export interface Breakdown {
  /** By service: the time in which it worked for the order; longest first, then by name; only services that did. */
  readonly services: readonly NamedTime[];
  /** A message of the order waited in a queue, and nobody worked or called for the order meanwhile. */
  readonly queue: DurationNano;
  /** Calls that no span of another service answers: databases, the outside world, services that send no spans. */
  readonly external: DurationNano;
  /** By whom was called, longest first; calls at the same time count for each. */
  readonly externals: readonly NamedTime[];
  /** Nobody worked, called or waited in a queue, as far as spans tell. Negative only where the visit itself is. */
  readonly idle: DurationNano;
  /** Spans of the order that overlap the visit. */
  readonly spans: number;
  /** Signs of wrong clocks in the visit: spans that end before they start, messages taken before they were sent. They count no time. */
  readonly anomalies: number;
}

/** The time of an order divided among those who worked for it; cut into visits by `breakDown`. */
export interface PlacedWork {
  readonly services: ReadonlyMap<string, United>;
  readonly externals: ReadonlyMap<string, United>;
  readonly external: United;
  readonly queue: United;
  /** The union of all of it. */
  readonly busy: United;
  /** Starts and ends of the spans that have a length, and the times of those that have none; ascending. */
  readonly starts: readonly UnixNano[];
  readonly ends: readonly UnixNano[];
  readonly points: readonly UnixNano[];
  readonly anomalies: readonly UnixNano[];
}

/** The name of a callee that neither names itself nor is named. */
const UNKNOWN_CALLEE = 'unknown';

/**
 * Divides the time of an order among those who worked for it.
 *
 * A span counts with its self time, without its children, whose time is their own; but a sender does not wait for the processing of its
 * message, which is a child in some conventions. The self time belongs to the service of the span, except:
 *
 * - A CLIENT span whose call is answered by a seen span only waits: its time, the way there and back included, is that of the callee.
 * - A CLIENT span without a seen answer is an external call, of whom the span names; handing a message over is work of the sender.
 * - A span that receives or polls only waits, and counts for nobody.
 *
 * A message waits in a queue from the end of the span that sent it to the start of each span that takes it (redelivered messages are
 * taken more than once), less the time in which somebody worked. Linear but for sorting.
 *
 * @param spans of one order, from all its traces; each once
 * @param waits further times in queues, such as a broker tells them
 */
export function placeWork(spans: readonly WorkSpan[], waits: Iterable<Interval> = []): PlacedWork {
  const nodes = growTrees(spans);
  const services = new Map<string, Interval[]>();
  const externals = new Map<string, Interval[]>();
  for (const node of nodes) {
    const place = placeOf(node);
    if (place === null) continue;
    const times = place.kind === 'service' ? services : externals;
    const known = times.get(place.name);
    if (known === undefined) times.set(place.name, [...node.self]);
    else known.push(...node.self);
  }
  const queued = queueWaits(nodes);
  const external = unite([...externals.values()].flat());
  const working = unite([...services.values(), external].flat());
  const queue = subtract(unite([...queued.waits, ...waits]), working);
  const long = spans.filter(({ start, end }) => end > start);
  return {
    services: new Map([...services].map(([name, times]) => [name, unite(times)])),
    externals: new Map([...externals].map(([name, times]) => [name, unite(times)])),
    external,
    queue,
    busy: unite([...working, ...queue]),
    starts: long.map(({ start }) => start).sort(ascending),
    ends: long.map(({ end }) => end).sort(ascending),
    points: spans
      .filter(({ start, end }) => end <= start)
      .map(({ start }) => start)
      .sort(ascending),
    anomalies: [...spans.filter(({ start, end }) => end < start).map(({ start }) => start), ...queued.anomalies].sort(
      ascending,
    ),
  };
}

/** What of the work falls into a visit; an open one ends now. Logarithmic in the number of intervals before it. */
export function breakDown(work: PlacedWork, visit: Interval): Breakdown {
  const within = (times: United): DurationNano => coverage(times, visit);
  return {
    services: named(work.services, within),
    queue: within(work.queue),
    external: within(work.external),
    externals: named(work.externals, within),
    idle: visit.to - visit.from - within(work.busy),
    spans:
      Math.max(0, before(work.starts, visit.to) - before(work.ends, visit.from + 1n)) + countIn(work.points, visit),
    anomalies: countIn(work.anomalies, visit),
  };
}

function placeOf({ span, callee }: WorkNode): { kind: 'service' | 'external'; name: string } | null {
  if (isReceive(span)) return null;
  if (span.kind !== 'client' || isSend(span)) return { kind: 'service', name: span.service };
  if (callee !== null) return { kind: 'service', name: callee };
  return { kind: 'external', name: span.peer === '' ? UNKNOWN_CALLEE : span.peer };
}

function queueWaits(nodes: readonly WorkNode[]): { waits: Interval[]; anomalies: UnixNano[] } {
  const waits: Interval[] = [];
  const anomalies: UnixNano[] = [];
  for (const { span, senders } of nodes) {
    for (const sender of senders) {
      const sent = sender.end < sender.start ? sender.start : sender.end;
      if (span.start > sent) waits.push({ from: sent, to: span.start });
      // Taken while the sender still waits for the confirmation is usual, before it was sent is not; whoever polls begins before.
      else if (span.start < sender.start && !isReceive(span)) anomalies.push(span.start);
    }
  }
  return { waits, anomalies };
}

function named(times: ReadonlyMap<string, United>, within: (times: United) => DurationNano): NamedTime[] {
  return [...times]
    .map(([name, united]) => ({ name, time: within(united) }))
    .filter(({ time }) => time > 0n)
    .sort((a, b) => (a.time === b.time ? (a.name < b.name ? -1 : 1) : a.time > b.time ? -1 : 1));
}

/** How many of the times are before `at`. */
function before(times: readonly UnixNano[], at: UnixNano): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] ?? at) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

function countIn(times: readonly UnixNano[], { from, to }: Interval): number {
  return Math.max(0, before(times, to) - before(times, from));
}

function ascending(a: UnixNano, b: UnixNano): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
