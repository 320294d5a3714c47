import type { Lifecycle } from '../lifecycle/definition.ts';
import { binOf } from '../lifecycle/dwell/sketch.ts';
import { openWorkingClock, type WorkingClock } from '../lifecycle/dwell/working-time.ts';
import type { FoldedOrder, Visit } from '../model/order.ts';
import { type DurationNano, nanoToMs, type UnixNano } from '../model/units.ts';
import type { OrderState } from '../store/order-state.ts';
import { encodeRowBlock } from '../wire/native/row-columns.ts';
import { describe } from './order-row.ts';

/** Index of the row of a whole order; an order with as many visits has the later ones left out of figures. */
export const WHOLE_ORDER = 65_535;

/** What a row of table `visits` says; `order_id` and `net` stand beside it. Times and durations are nanoseconds. */
export interface VisitRow {
  readonly visit: number;
  readonly lifecycle: string;
  readonly kind: 'completed' | 'open' | 'final' | 'closed' | 'active' | 'unknown';
  readonly status: string;
  readonly previous: string;
  readonly entered: bigint;
  readonly left: bigint;
  readonly open: bigint;
  readonly bin: number;
  readonly working: bigint;
  readonly workingBin: number;
  readonly deviating: number;
  readonly deviated: bigint;
  readonly anomalies: number;
  readonly attributes: readonly string[];
}

/** A row of `visits` that is written: `net` is 1 where it holds from now on, -1 where it no longer does. */
export interface VisitChange {
  readonly orderId: string;
  readonly row: VisitRow;
  readonly net: number;
}

/** The columns that a VisitRow fills, in the order of its fields, 64-bit numbers as decimal text. */
export type VisitTuple = readonly [
  visit: number,
  lifecycle: string,
  kind: VisitRow['kind'],
  status: string,
  previous: string,
  entered: string,
  left: string,
  open: string,
  bin: number,
  working: string,
  workingBin: number,
  deviating: number,
  deviated: string,
  anomalies: number,
  attributes: readonly string[],
];

/** SQL of a VisitTuple. */
export const VISIT_TUPLE = `(visit, lifecycle, kind, status, previous, entered_nano, left_nano, open_nano, bin, working_nano, working_bin,
  deviating, deviated_nano, anomalies, attributes)`;

/** Makes the rows of `visits` out of folded orders, by the working hours of one lifecycle. */
export class VisitRows {
  readonly #isFinal: (status: string) => boolean;
  readonly #clock: WorkingClock | undefined;

  constructor({ calendar }: Pick<Lifecycle, 'calendar'>, isFinal: (status: string) => boolean) {
    this.#isFinal = isFinal;
    this.#clock = calendar === null ? undefined : openWorkingClock(calendar);
  }

  /** One row a visit and one for the whole order. */
  of(order: OrderState): VisitRow[] {
    const whole = wholeOf(order);
    return [...whole.visits.keys()].map((index) => this.#visitRow(whole, index)).concat([this.#orderRow(whole)]);
  }

  /** What changes in the rows of an order that one lifecycle judged before and after; `before` is undefined for a new order. */
  changes(before: OrderState | undefined, after: OrderState): VisitChange[] {
    const { orderId } = after;
    if (before === undefined) return this.of(after).map((row) => ({ orderId, row, net: 1 }));
    const [old, now] = [wholeOf(before), wholeOf(after)];
    const isDescribedAlike = isSameText(old.described, now.described);
    const changes: VisitChange[] = [];
    // Making the rows that stay would be most of the work.
    for (let index = 0; index < Math.max(old.visits.length, now.visits.length); index += 1) {
      if (isDescribedAlike && isSameVisit(old, now, index)) continue;
      if (index < old.visits.length) changes.push({ orderId, row: this.#visitRow(old, index), net: -1 });
      if (index < now.visits.length) changes.push({ orderId, row: this.#visitRow(now, index), net: 1 });
    }
    const [held, wanted] = [this.#orderRow(old), this.#orderRow(now)];
    if (textOf(held) !== textOf(wanted))
      changes.push({ orderId, row: held, net: -1 }, { orderId, row: wanted, net: 1 });
    return changes;
  }

  #visitRow({ folded, visits, anomalies, described }: Whole, index: number): VisitRow {
    const visit = visits[index];
    if (visit === undefined) throw new RangeError(`no visit ${index}`);
    const { status, from, enteredAt, leftAt } = visit;
    const kind = leftAt !== null ? 'completed' : this.#isFinal(status) ? 'final' : 'open';
    const version = versionOf(visit);
    return {
      visit: index,
      lifecycle: folded.lifecycle.name,
      kind,
      status,
      previous: from ?? '',
      entered: enteredAt,
      left: leftAt ?? 0n,
      open: kind === 'open' ? enteredAt : 0n,
      ...this.#durations(enteredAt, leftAt),
      deviating: 0,
      deviated: 0n,
      anomalies: Math.min(anomalies.get(index) ?? 0, 65_535),
      attributes: version === undefined ? described : [...described, `service.version=${version}`],
    };
  }

  #orderRow({ folded, described }: Whole): VisitRow {
    const { status, openedAt, closedAt, deviations } = folded;
    const kind = openedAt === null ? 'unknown' : closedAt === null ? 'active' : 'closed';
    const deviated = deviations.reduce<UnixNano | undefined>(
      (first, { at }) => (first === undefined || at < first ? at : first),
      undefined,
    );
    return {
      visit: WHOLE_ORDER,
      lifecycle: folded.lifecycle.name,
      kind,
      status: status ?? '',
      previous: '',
      entered: openedAt ?? 0n,
      left: closedAt ?? 0n,
      open: kind === 'active' ? (openedAt ?? 0n) : 0n,
      ...this.#durations(openedAt, closedAt),
      deviating: deviated === undefined ? 0 : 1,
      deviated: deviated ?? 0n,
      anomalies: 0,
      attributes: described,
    };
  }

  #durations(from: UnixNano | null, to: UnixNano | null): Pick<VisitRow, 'bin' | 'working' | 'workingBin'> {
    if (from === null || to === null) return { bin: 0, working: 0n, workingBin: 0 };
    const working: DurationNano = this.#clock?.between(from, to) ?? 0n;
    const workingBin = this.#clock === undefined ? 0 : binOf(nanoToMs(working));
    return { bin: binOf(nanoToMs(to - from)), working, workingBin };
  }
}

/** What the rows of an order are made of. */
interface Whole {
  readonly folded: FoldedOrder;
  readonly visits: readonly Visit[];
  /** Clock anomalies by visit, where there are some. */
  readonly anomalies: ReadonlyMap<number, number>;
  readonly described: readonly string[];
}

function wholeOf(order: OrderState): Whole {
  const { folded } = order;
  const anomalies = new Map<number, number>();
  for (const { visitIndex } of folded.clockAnomalies) anomalies.set(visitIndex, (anomalies.get(visitIndex) ?? 0) + 1);
  return { folded, visits: folded.visits.slice(0, WHOLE_ORDER), anomalies, described: describe(order) };
}

function isSameText(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((text, index) => text === other[index]);
}

/** Whether two orders have the same row at an index, given that they are described alike. */
function isSameVisit(a: Whole, b: Whole, index: number): boolean {
  const [one, other] = [a.visits[index], b.visits[index]];
  return (
    one !== undefined &&
    other !== undefined &&
    one.status === other.status &&
    one.from === other.from &&
    one.enteredAt === other.enteredAt &&
    one.leftAt === other.leftAt &&
    a.anomalies.get(index) === b.anomalies.get(index) &&
    versionOf(one) === versionOf(other)
  );
}

/** Service and version of who reported a visit first; undefined where that is not known. */
function versionOf({ evidence: [first] }: Visit): string | undefined {
  const version = first?.sourceVersion ?? '';
  return first === undefined || version === '' ? undefined : `${first.source} ${version}`;
}

/** A row as text: equal for equal rows, whether they were just made or read back. */
export function textOf(row: VisitRow): string {
  const { entered, left, open, working, deviated } = row;
  const tuple: VisitTuple = [
    row.visit,
    row.lifecycle,
    row.kind,
    row.status,
    row.previous,
    String(entered),
    String(left),
    String(open),
    row.bin,
    String(working),
    row.workingBin,
    row.deviating,
    String(deviated),
    row.anomalies,
    row.attributes,
  ];
  return JSON.stringify(tuple);
}

/** A row that was read back. */
export function rowOfTuple(tuple: VisitTuple): VisitRow {
  const [visit, lifecycle, kind, status, previous, entered, left, open, bin, working, workingBin] = tuple;
  const [, , , , , , , , , , , deviating, deviated, anomalies, attributes] = tuple;
  return {
    visit,
    lifecycle,
    kind,
    status,
    previous,
    entered: BigInt(entered),
    left: BigInt(left),
    open: BigInt(open),
    bin,
    working: BigInt(working),
    workingBin,
    deviating,
    deviated: BigInt(deviated),
    anomalies,
    attributes,
  };
}

/** Encodes rows of `visits`. */
export function encodeVisits(changes: readonly VisitChange[]): Uint8Array {
  return encodeRowBlock(changes, (rows) => [
    rows.text('order_id', ({ orderId }) => orderId),
    rows.uint16('visit', ({ row }) => row.visit),
    rows.word('lifecycle', ({ row }) => row.lifecycle),
    rows.word('kind', ({ row }) => row.kind),
    rows.word('status', ({ row }) => row.status),
    rows.word('previous', ({ row }) => row.previous),
    rows.int64('entered_nano', ({ row }) => row.entered),
    rows.int64('left_nano', ({ row }) => row.left),
    rows.int64('open_nano', ({ row }) => row.open),
    rows.int16('bin', ({ row }) => row.bin),
    rows.int64('working_nano', ({ row }) => row.working),
    rows.int16('working_bin', ({ row }) => row.workingBin),
    rows.uint8('deviating', ({ row }) => row.deviating),
    rows.int64('deviated_nano', ({ row }) => row.deviated),
    rows.uint16('anomalies', ({ row }) => row.anomalies),
    rows.words('attributes', ({ row }) => row.attributes),
    rows.int32('net', ({ net }) => net),
  ]);
}
