import type { Lifecycle } from '../lifecycle/definition.ts';
import { binOf } from '../lifecycle/dwell/sketch.ts';
import { openWorkingClock, type WorkingClock } from '../lifecycle/dwell/working-time.ts';
import type { FoldedOrder, Visit } from '../model/order.ts';
import { type DurationNano, nanoToMs, type UnixNano } from '../model/units.ts';

/** Index of the row of a whole order; an order with as many visits has the later ones left out of figures. */
export const WHOLE_ORDER = 65_535;

/** What the row of table `visits` says; the columns in the order of COLUMNS, numbers of 64 bits as decimal text. */
export type VisitRow = readonly [
  visit: number,
  kind: 'completed' | 'open' | 'final' | 'closed' | 'active' | 'unknown',
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

/** Columns of table `visits` that a VisitRow fills; `order_id` and `net` stand beside it. */
export const COLUMNS = [
  'visit',
  'kind',
  'status',
  'previous',
  'entered_nano',
  'left_nano',
  'open_nano',
  'bin',
  'working_nano',
  'working_bin',
  'deviating',
  'deviated_nano',
  'anomalies',
  'attributes',
] as const;

/** Makes the rows of `visits` out of folded orders, by the working hours of one lifecycle. */
export class VisitRows {
  readonly #isFinal: (status: string) => boolean;
  readonly #clock: WorkingClock | undefined;

  constructor({ calendar }: Pick<Lifecycle, 'calendar'>, isFinal: (status: string) => boolean) {
    this.#isFinal = isFinal;
    this.#clock = calendar === null ? undefined : openWorkingClock(calendar);
  }

  /** One row a visit and one for the whole order. */
  of(folded: FoldedOrder, attributes: readonly (readonly [name: string, value: string])[]): VisitRow[] {
    const described = attributes.map(([name, value]) => `${name}=${value}`);
    const anomalies = new Map<number, number>();
    for (const { visitIndex } of folded.clockAnomalies) {
      anomalies.set(visitIndex, (anomalies.get(visitIndex) ?? 0) + 1);
    }
    const rows = folded.visits
      .slice(0, WHOLE_ORDER)
      .map((visit, index) => this.#visitRow(visit, { index, anomalies: anomalies.get(index) ?? 0, described }));
    rows.push(this.#orderRow(folded, described));
    return rows;
  }

  #visitRow(visit: Visit, more: { index: number; anomalies: number; described: readonly string[] }): VisitRow {
    const { status, from, enteredAt, leftAt } = visit;
    const kind = leftAt !== null ? 'completed' : this.#isFinal(status) ? 'final' : 'open';
    const version = versionOf(visit);
    return [
      more.index,
      kind,
      status,
      from ?? '',
      String(enteredAt),
      String(leftAt ?? 0n),
      kind === 'open' ? String(enteredAt) : '0',
      ...this.#durations(enteredAt, leftAt),
      0,
      '0',
      Math.min(more.anomalies, 65_535),
      version === undefined ? more.described : [...more.described, `service.version=${version}`],
    ];
  }

  #orderRow(folded: FoldedOrder, described: readonly string[]): VisitRow {
    const { status, openedAt, closedAt, deviations } = folded;
    const kind = openedAt === null ? 'unknown' : closedAt === null ? 'active' : 'closed';
    const deviated = deviations.reduce<UnixNano | undefined>(
      (first, { at }) => (first === undefined || at < first ? at : first),
      undefined,
    );
    return [
      WHOLE_ORDER,
      kind,
      status ?? '',
      '',
      String(openedAt ?? 0n),
      String(closedAt ?? 0n),
      kind === 'active' ? String(openedAt) : '0',
      ...this.#durations(openedAt, closedAt),
      deviated === undefined ? 0 : 1,
      String(deviated ?? 0n),
      0,
      described,
    ];
  }

  #durations(from: UnixNano | null, to: UnixNano | null): [bin: number, working: string, workingBin: number] {
    if (from === null || to === null) return [0, '0', 0];
    const working: DurationNano = this.#clock?.between(from, to) ?? 0n;
    return [binOf(nanoToMs(to - from)), String(working), this.#clock === undefined ? 0 : binOf(nanoToMs(working))];
  }
}

/** Service and version of who reported a visit first; undefined where that is not known. */
function versionOf({ evidence: [first] }: Visit): string | undefined {
  const version = first?.sourceVersion ?? '';
  return first === undefined || version === '' ? undefined : `${first.source} ${version}`;
}

/** A row as text: equal for equal rows, whether they were just made or read back. */
export function textOf(row: VisitRow): string {
  return JSON.stringify(row);
}
