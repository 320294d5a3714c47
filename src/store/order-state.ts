import { z } from 'zod';
import type {
  ClockAnomaly,
  CurrentStatus,
  Deviation,
  Evidence,
  EvidenceKind,
  FailureClass,
  FoldedOrder,
  Visit,
} from '../model/order.ts';
import type { UnixNano } from '../model/units.ts';
import type { StoreClient } from './client.ts';
import { ORDERS } from './order-set.ts';

/** A failure in work for an order, and where it stands in the order's life. */
export interface PlacedFailure {
  /** End of the innermost span with an error. */
  readonly at: UnixNano;
  readonly failureClass: FailureClass;
  readonly service: string;
  /** Name of the span. */
  readonly operation: string;
  /** The status of the order at that time; null before its first one. */
  readonly status: string | null;
  /** First entry further on; null while there is none. */
  readonly movedOnAt: UnixNano | null;
  readonly traceId: string;
  readonly spanId: string;
}

/** What an order is described by, and when that was reported. */
export interface KeptAttribute {
  readonly value: string;
  readonly occurredAt: UnixNano;
}

/** Everything that is kept of an order: what its last fold was made of, and what came out. Column `state` of `orders` holds it. */
export interface OrderState {
  readonly orderId: string;
  /** Hash of the definition of the lifecycle that judged it. */
  readonly digest: string;
  readonly folded: FoldedOrder;
  /** `name=value`, sorted. */
  readonly aliases: readonly string[];
  /** By name, in the order of names. */
  readonly attributes: ReadonlyMap<string, KeptAttribute>;
  /** The latest ones, earliest first. */
  readonly failures: readonly PlacedFailure[];
  /** Earlier failures that are not kept. */
  readonly failuresLeftOut: number;
  /** First time that anything about the order was observed, milliseconds since the epoch. */
  readonly firstObservedAtMs: number;
}

/** A time, Unix nanoseconds as decimal text: a JSON number would lose the last digits. */
type TimeText = string;
/**
 * A time by another one that is close as a rule: the nanoseconds from there, or the time itself where a JSON number would lose digits of
 * the difference (104 days). Most of an order are times, and late events read and write whole orders.
 */
type NearTime = number | TimeText;
type EncodedEvidence = readonly [
  kind: EvidenceKind,
  id: string,
  source: string,
  version: string,
  /** From when the visit was entered. */
  occurred: NearTime,
  /** From when it occurred. */
  observed: NearTime,
  sequence: number,
  /** Both left out where there is neither. */
  trace?: string | null,
  span?: string | null,
];
type EncodedVisit = readonly [
  status: string,
  system: string | null,
  region: string | null,
  /** SAME: the status of the visit before it in the list. */
  from: string | null | typeof SAME,
  /** From the end of the visit before it in the list, or its beginning where it has no end; of the first one: from when the order was opened. */
  entered: NearTime,
  /** From when it was entered. */
  left: NearTime | null,
  evidence: readonly EncodedEvidence[],
];
type EncodedDeviation = readonly [
  kind: Deviation['kind'],
  status: string,
  from: string | null,
  skipped: readonly string[],
  other: string | null,
  at: string,
  visit: number,
];
type EncodedFailure = readonly [
  at: string,
  failureClass: FailureClass,
  service: string,
  operation: string,
  status: string | null,
  movedOn: string | null,
  trace: string,
  span: string,
];

const SAME = 0;

/** The text in JSON; objects above, where there is one of each, and tuples below, where there are dozens. */
interface EncodedState {
  readonly order: string;
  readonly digest: string;
  readonly observed: number;
  readonly lifecycle: readonly [name: string, version: string];
  readonly status: string | null;
  readonly since: string | null;
  readonly opened: string | null;
  readonly closed: string | null;
  readonly current: readonly (readonly [region: string | null, status: string, since: string])[];
  readonly aliases: readonly string[];
  /** From when the order was opened. */
  readonly attributes: readonly (readonly [name: string, value: string, occurred: NearTime])[];
  readonly visits: readonly EncodedVisit[];
  readonly deviations: readonly EncodedDeviation[];
  readonly anomalies: readonly (readonly [kind: ClockAnomaly['kind'], visit: number, skew: string, source: string])[];
  readonly failures: readonly EncodedFailure[];
  readonly leftOut: number;
}

/** Writes a state as the column holds it; equal states give equal texts. */
export function encodeOrderState(state: OrderState): string {
  const { folded } = state;
  const opened = folded.openedAt ?? 0n;
  const encoded: EncodedState = {
    order: state.orderId,
    digest: state.digest,
    observed: state.firstObservedAtMs,
    lifecycle: [folded.lifecycle.name, folded.lifecycle.version],
    status: folded.status,
    since: timeText(folded.since),
    opened: timeText(folded.openedAt),
    closed: timeText(folded.closedAt),
    current: folded.current.map(({ region, status, since }) => [region, status, String(since)]),
    aliases: state.aliases,
    attributes: [...state.attributes].map(([name, { value, occurredAt }]) => [
      name,
      value,
      nearTime(occurredAt, opened),
    ]),
    visits: encodeVisits(folded.visits, opened),
    deviations: folded.deviations.map(({ kind, status, fromStatus, skipped, otherStatus, at, visitIndex }) => [
      kind,
      status,
      fromStatus,
      skipped,
      otherStatus,
      String(at),
      visitIndex,
    ]),
    anomalies: folded.clockAnomalies.map(({ kind, visitIndex, skewNano, source }) => [
      kind,
      visitIndex,
      String(skewNano),
      source,
    ]),
    failures: state.failures.map(encodeFailure),
    leftOut: state.failuresLeftOut,
  };
  return JSON.stringify(encoded);
}

/** Reads what `encodeOrderState` wrote. */
export function decodeOrderState(text: string): OrderState {
  // Waybill wrote this text itself; looking at each value would cost more than the fold.
  const encoded: EncodedState = JSON.parse(text);
  const [name, version] = encoded.lifecycle;
  const openedAt = timeOf(encoded.opened);
  const opened = openedAt ?? 0n;
  return {
    orderId: encoded.order,
    digest: encoded.digest,
    folded: {
      lifecycle: { name, version },
      status: encoded.status,
      since: timeOf(encoded.since),
      openedAt,
      closedAt: timeOf(encoded.closed),
      current: encoded.current.map(
        ([region, status, since]): CurrentStatus => ({ region, status, since: BigInt(since) }),
      ),
      visits: decodeVisits(encoded.visits, opened),
      deviations: encoded.deviations.map(([kind, status, fromStatus, skipped, otherStatus, at, visitIndex]) => {
        return { kind, status, fromStatus, skipped, otherStatus, at: BigInt(at), visitIndex };
      }),
      clockAnomalies: encoded.anomalies.map(([kind, visitIndex, skew, source]) => {
        return { kind, visitIndex, skewNano: BigInt(skew), source };
      }),
    },
    aliases: encoded.aliases,
    attributes: new Map(
      encoded.attributes.map(([key, value, occurred]) => [key, { value, occurredAt: timeNear(occurred, opened) }]),
    ),
    failures: encoded.failures.map(([at, failureClass, service, operation, status, movedOn, traceId, spanId]) => {
      const movedOnAt = timeOf(movedOn);
      return { at: BigInt(at), failureClass, service, operation, status, movedOnAt, traceId, spanId };
    }),
    failuresLeftOut: encoded.leftOut,
    firstObservedAtMs: encoded.observed,
  };
}

/** A failure as an entry of column `failures` has it, JSON; FAILURES of the questions takes it apart. */
export function failureText(failure: PlacedFailure): string {
  return JSON.stringify(encodeFailure(failure));
}

const stateRow = z.object({ state: z.string() });

/** Reads orders as they are now; those of which nothing is known are missing from the answer. */
export async function readOrderStates(
  store: StoreClient,
  orderIds: readonly string[],
): Promise<Map<string, OrderState>> {
  const states = new Map<string, OrderState>();
  if (orderIds.length === 0) return states;
  // Without FINAL, which would merge every part for a few rows.
  const rows = await store.query(
    `SELECT order_id, argMax(state, revision) AS latest FROM orders WHERE order_id IN ${ORDERS} GROUP BY order_id`,
    { orders: JSON.stringify(orderIds) },
    z.object({ order_id: z.string(), latest: z.string() }),
  );
  for (const { order_id: orderId, latest } of rows) states.set(orderId, decodeOrderState(latest));
  return states;
}

/** Reads orders behind `after` (an id, or empty for the first page) by their ids. */
export async function readOrderPage(
  store: StoreClient,
  page: { readonly after: string; readonly limit: number },
): Promise<OrderState[]> {
  const rows = await store.query(
    'SELECT state FROM orders FINAL WHERE order_id > {after:String} ORDER BY order_id LIMIT {limit:UInt32}',
    { after: page.after, limit: page.limit },
    stateRow,
  );
  return rows.map(({ state }) => decodeOrderState(state));
}

/** Reads one order as it is now; undefined where nothing is known of it. */
export async function readOrderState(store: StoreClient, orderId: string): Promise<OrderState | undefined> {
  const [found] = await store.query(
    'SELECT state FROM orders WHERE order_id = {orderId:String} ORDER BY revision DESC LIMIT 1',
    { orderId },
    stateRow,
  );
  return found && decodeOrderState(found.state);
}

function encodeFailure(failure: PlacedFailure): EncodedFailure {
  const { at, failureClass, service, operation, status, movedOnAt, traceId, spanId } = failure;
  return [String(at), failureClass, service, operation, status, timeText(movedOnAt), traceId, spanId];
}

function encodeVisits(visits: readonly Visit[], opened: UnixNano): EncodedVisit[] {
  let base = opened;
  let before: string | undefined;
  return visits.map(({ status, system, region, from, enteredAt, leftAt, evidence }) => {
    const encoded: EncodedVisit = [
      status,
      system,
      region,
      from === before ? SAME : from,
      nearTime(enteredAt, base),
      leftAt === null ? null : nearTime(leftAt, enteredAt),
      evidence.map((piece) => encodeEvidence(piece, enteredAt)),
    ];
    base = leftAt ?? enteredAt;
    before = status;
    return encoded;
  });
}

function decodeVisits(encoded: readonly EncodedVisit[], opened: UnixNano): Visit[] {
  let base = opened;
  let before: string | null = null;
  return encoded.map(([status, system, region, from, entered, left, evidence]) => {
    const enteredAt = timeNear(entered, base);
    const leftAt = left === null ? null : timeNear(left, enteredAt);
    const visit: Visit = {
      status,
      system,
      region,
      from: from === SAME ? before : from,
      enteredAt,
      leftAt,
      dwell: leftAt === null ? null : leftAt - enteredAt,
      evidence: evidence.map((piece) => decodeEvidence(piece, enteredAt)),
    };
    base = leftAt ?? enteredAt;
    before = status;
    return visit;
  });
}

function encodeEvidence(piece: Evidence, enteredAt: UnixNano): EncodedEvidence {
  const { evidenceKind, evidenceId, source, sourceVersion, occurredAt, observedAt, sequence, traceId, spanId } = piece;
  const occurred = nearTime(occurredAt, enteredAt);
  const observed = nearTime(observedAt, occurredAt);
  return traceId === null && spanId === null
    ? [evidenceKind, evidenceId, source, sourceVersion ?? '', occurred, observed, sequence]
    : [evidenceKind, evidenceId, source, sourceVersion ?? '', occurred, observed, sequence, traceId, spanId];
}

function decodeEvidence(encoded: EncodedEvidence, enteredAt: UnixNano): Evidence {
  const [evidenceKind, evidenceId, source, sourceVersion, occurred, observed, sequence, traceId, spanId] = encoded;
  const occurredAt = timeNear(occurred, enteredAt);
  return {
    evidenceKind,
    evidenceId,
    source,
    sourceVersion,
    occurredAt,
    observedAt: timeNear(observed, occurredAt),
    sequence,
    traceId: traceId ?? null,
    spanId: spanId ?? null,
  };
}

const MOST_EXACT = BigInt(Number.MAX_SAFE_INTEGER);

function nearTime(at: UnixNano, base: UnixNano): NearTime {
  if (at === base) return 0;
  const distance = at - base;
  return distance <= MOST_EXACT && distance >= -MOST_EXACT ? Number(distance) : String(at);
}

function timeNear(near: NearTime, base: UnixNano): UnixNano {
  if (near === 0) return base;
  return typeof near === 'number' ? base + BigInt(near) : BigInt(near);
}

function timeText(at: UnixNano | null): string | null {
  return at === null ? null : String(at);
}

function timeOf(text: string | null): UnixNano | null {
  return text === null ? null : BigInt(text);
}
