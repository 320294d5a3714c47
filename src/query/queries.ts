import { type Aligner, openAligner } from '../lifecycle/conformance/alignment.ts';
import type { Lifecycle } from '../lifecycle/definition.ts';
import { restrictedMean, type SurvivalCurve, survivalQuantile } from '../lifecycle/dwell/kaplan-meier.ts';
import type { Explanation } from '../lifecycle/dwell/over-represented.ts';
import type { Machine } from '../lifecycle/machine.ts';
import { type DurationNano, MIN_UNIX_NANO, nanoToMs, type UnixNano } from '../model/units.ts';
import type { StoreClient } from '../store/client.ts';
import { type Conformance, conformanceOf, type OrderVariants, orderVariants } from './conformance.ts';
import { explainStatus } from './explain.ts';
import { exportOrders } from './export.ts';
import { type FailureFilter, failureFigures } from './failures.ts';
import { type LeadTime, leadTime } from './lead-time.ts';
import { findOrder, type OrderDetail } from './order.ts';
import { type ListedOrder, listOrders, type OrderFilter } from './orders.ts';
import { type SearchHit, search } from './search.ts';
import { completedFigures, edgeCounts, openFigures, orderTotals } from './statuses.ts';
import { type StuckOrder, stuckOrders } from './stuck.ts';
import { type StatusSurvival, statusSurvival } from './survival.ts';
import { findTrace } from './trace.ts';
import type { FigureScope } from './visits-at.ts';

/** An age that fewer than one visit in twenty reaches is improbable. */
const IMPROBABLE = 0.05;

/** The questions that can be asked of the store, under one lifecycle. */
export class Queries {
  readonly #store: StoreClient;
  readonly #lifecycle: Lifecycle;
  readonly #now: () => UnixNano;
  readonly #recoveryTime: DurationNano;
  readonly #machine: Machine;
  #aligner: Aligner | undefined;

  constructor(options: { store: StoreClient; machine: Machine; now: () => UnixNano; recoveryTime: DurationNano }) {
    this.#store = options.store;
    this.#machine = options.machine;
    this.#lifecycle = options.machine.lifecycle;
    this.#now = options.now;
    this.#recoveryTime = options.recoveryTime;
  }

  orders(filter: OrderFilter): Promise<ListedOrder[]> {
    return listOrders(this.#store, filter);
  }

  order(orderId: string): Promise<OrderDetail | undefined> {
    return findOrder(this.#store, orderId, { now: this.#now(), recoveryTime: this.#recoveryTime });
  }

  /** Failures since a time; see `failureFigures`. */
  async failures(filter: Pick<FailureFilter, 'since' | 'failureClass' | 'status' | 'service'>) {
    const figures = await failureFigures(this.#store, {
      ...filter,
      now: this.#now(),
      recoveryTime: this.#recoveryTime,
    });
    return { ...figures, recoveryTimeMs: nanoToMs(this.#recoveryTime) };
  }

  /** The ways that orders went. */
  variants(): Promise<OrderVariants> {
    return orderVariants(this.#store, this.#machine);
  }

  /** How well orders follow the lifecycle. */
  async conformance(ending: 'live' | 'complete'): Promise<Conformance> {
    this.#aligner ??= openAligner(this.#machine);
    return conformanceOf(await this.variants(), { machine: this.#machine, aligner: this.#aligner, ending });
  }

  /** One page of whole orders by id. */
  exportOrders(page: { readonly after?: string | undefined; readonly limit: number }): ReturnType<typeof exportOrders> {
    return exportOrders(this.#store, page);
  }

  /** What the slowest visits to a status have in common. */
  explain(status: string, slowest: number): Promise<Explanation> {
    return explainStatus(this.#store, { status, slowest, now: this.#now() });
  }

  /** Orders that wait longer than they should. */
  async stuck(limit: number): Promise<{ improbable: number; total: number; orders: StuckOrder[] }> {
    const { statuses } = this.#lifecycle;
    const found = await stuckOrders(this.#store, {
      now: this.#now(),
      targets: new Map(statuses.flatMap(({ id, target }) => (target === null ? [] : [[id, nanoToMs(target)]]))),
      finals: this.#finals(),
      survival: await this.#survival({ at: this.#now() }),
      improbable: IMPROBABLE,
      limit,
    });
    return { improbable: IMPROBABLE, ...found };
  }

  trace(traceId: string): ReturnType<typeof findTrace> {
    return findTrace(this.#store, traceId);
  }

  search(text: string): Promise<SearchHit[]> {
    return search(this.#store, text);
  }

  /** The lifecycle in force, with targets in milliseconds. */
  lifecycle() {
    const { name, version, label, initial, systems, statuses, transitions } = this.#lifecycle;
    return {
      name,
      version,
      label,
      initial,
      systems: systems.map((system) => ({ id: system.id, label: system.label })),
      statuses: statuses.map((status) => ({
        id: status.id,
        system: status.system,
        label: status.label,
        targetMs: status.target === null ? null : nanoToMs(status.target),
        final: status.final,
      })),
      transitions: transitions.map(({ from, to }) => ({ from, to })),
    };
  }

  /**
   * Figures of every status of the lifecycle, and of statuses that only orders know; `since` limits completed visits by
   * their end, and `at` tells what was known then: later facts do not count, and visits that ended later are open.
   */
  async statuses(
    asked: {
      readonly since?: UnixNano | undefined;
      readonly at?: UnixNano | undefined;
      readonly attribute?: FigureScope['attribute'];
    } = {},
  ) {
    const { since = MIN_UNIX_NANO, attribute } = asked;
    const scope: FigureScope = { at: asked.at ?? this.#now(), attribute };
    const targets = new Map(
      this.#lifecycle.statuses.flatMap(({ id, target, final }) =>
        target === null || final ? [] : [[id, target] as const],
      ),
    );
    const [completed, open, edges, totals, survival, lead] = await Promise.all([
      completedFigures(this.#store, { ...scope, since }),
      openFigures(this.#store, { ...scope, targets }),
      edgeCounts(this.#store, scope),
      orderTotals(this.#store, scope),
      this.#survival(scope),
      leadTime(this.#store, scope),
    ]);
    const allowed = new Set(this.#lifecycle.transitions.map(({ from, to }) => `${from}\n${to}`));
    const known = this.#lifecycle.statuses.map((status) => this.#describe(status.id));
    const unknown = [...new Set([...completed, ...open].map(({ status }) => status))]
      .filter((status) => !this.#lifecycle.statuses.some(({ id }) => id === status))
      .sort()
      .map((status) => this.#describe(status));
    const completedOf = new Map(completed.map(({ status, ...figures }) => [status, figures]));
    const openOf = new Map(open.map(({ status, ...figures }) => [status, figures]));
    return {
      lifecycle: { name: this.#lifecycle.name, version: this.#lifecycle.version },
      quantile: 'type7' as const,
      exact: survival.exact,
      statuses: [...known, ...unknown].map((status) => ({
        ...status,
        completed: completedOf.get(status.status) ?? { count: 0, meanMs: null, medianMs: null, p95Ms: null },
        estimated: estimate(survival.curves.get(status.status)),
        open: withoutAges(openOf.get(status.status), status.final),
      })),
      edges: edges.map(({ from, to, count }) => ({
        from,
        to,
        count,
        allowed: from === null ? to === this.#lifecycle.initial : allowed.has(`${from}\n${to}`),
      })),
      leadTime: {
        completed: milliseconds(lead.completed),
        estimated: estimate(lead.curve),
        outcomes: [...lead.outcomes],
      },
      orders: { ...totals, open: totals.total - totals.closed },
    };
  }

  #finals(): string[] {
    return this.#lifecycle.statuses.filter(({ final }) => final).map(({ id }) => id);
  }

  #survival(scope: FigureScope): Promise<StatusSurvival> {
    return statusSurvival(this.#store, { ...scope, finals: this.#finals() });
  }

  #describe(status: string) {
    const known = this.#lifecycle.statuses.find(({ id }) => id === status);
    return {
      status,
      system: known?.system ?? null,
      label: known?.label ?? { ru: status, en: status },
      targetMs: known === undefined || known.target === null ? null : nanoToMs(known.target),
      final: known?.final ?? false,
    };
  }
}

/** Names figures by their unit. */
function milliseconds({ count, mean, median, p95 }: LeadTime['completed']) {
  return { count, meanMs: mean, medianMs: median, p95Ms: p95 };
}

/** The Kaplan–Meier figures of a status; all null where no visit is known. */
function estimate(curve: SurvivalCurve | undefined) {
  if (curve === undefined) {
    return { meanMs: null, medianMs: null, p95Ms: null, p95LowMs: null, p95HighMs: null, p95AtLeastMs: null };
  }
  const p95 = survivalQuantile(curve, 0.95);
  return {
    meanMs: restrictedMean(curve)?.mean ?? null,
    medianMs: survivalQuantile(curve, 0.5).value,
    p95Ms: p95.value,
    p95LowMs: p95.low,
    p95HighMs: p95.high,
    p95AtLeastMs: p95.atLeast,
  };
}

type OpenFigures = Omit<Awaited<ReturnType<typeof openFigures>>[number], 'status'>;

/** An order in a final status waits for nothing: it is counted, but has no age. */
function withoutAges(figures: OpenFigures | undefined, final: boolean): OpenFigures {
  if (figures === undefined) return { count: 0, p50AgeMs: null, p95AgeMs: null, maxAgeMs: null, overTarget: 0 };
  return final ? { ...figures, p50AgeMs: null, p95AgeMs: null, maxAgeMs: null, overTarget: 0 } : figures;
}
