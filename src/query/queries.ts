import type { Lifecycle } from '../lifecycle/definition.ts';
import type { UnixNano } from '../model/units.ts';
import { MIN_UNIX_NANO, nanoToMs } from '../model/units.ts';
import type { StoreClient } from '../store/client.ts';
import { findOrder, type OrderDetail } from './order.ts';
import { type ListedOrder, listOrders, type OrderFilter } from './orders.ts';
import { type SearchHit, search } from './search.ts';
import { completedFigures, edgeCounts, openFigures, orderTotals } from './statuses.ts';
import { findTrace } from './trace.ts';

/** The questions that can be asked of the store, under one lifecycle. */
export class Queries {
  readonly #store: StoreClient;
  readonly #lifecycle: Lifecycle;
  readonly #now: () => UnixNano;

  constructor(options: { store: StoreClient; lifecycle: Lifecycle; now: () => UnixNano }) {
    this.#store = options.store;
    this.#lifecycle = options.lifecycle;
    this.#now = options.now;
  }

  orders(filter: OrderFilter): Promise<ListedOrder[]> {
    return listOrders(this.#store, filter);
  }

  order(orderId: string): Promise<OrderDetail | undefined> {
    return findOrder(this.#store, orderId);
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

  /** Figures of every status of the lifecycle, and of statuses that only orders know; `since` limits completed visits by their end. */
  async statuses(since: UnixNano = MIN_UNIX_NANO) {
    const targets = new Map(
      this.#lifecycle.statuses.flatMap(({ id, target, final }) =>
        target === null || final ? [] : [[id, target] as const],
      ),
    );
    const [completed, open, edges, totals] = await Promise.all([
      completedFigures(this.#store, since),
      openFigures(this.#store, { now: this.#now(), targets }),
      edgeCounts(this.#store),
      orderTotals(this.#store),
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
      statuses: [...known, ...unknown].map((status) => ({
        ...status,
        completed: completedOf.get(status.status) ?? { count: 0, meanMs: null, medianMs: null, p95Ms: null },
        open: withoutAges(openOf.get(status.status), status.final),
      })),
      edges: edges.map(({ from, to, count }) => ({
        from,
        to,
        count,
        allowed: from === null ? to === this.#lifecycle.initial : allowed.has(`${from}\n${to}`),
      })),
      orders: { ...totals, open: totals.total - totals.closed },
    };
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

type OpenFigures = Omit<Awaited<ReturnType<typeof openFigures>>[number], 'status'>;

/** An order in a final status waits for nothing: it is counted, but has no age. */
function withoutAges(figures: OpenFigures | undefined, final: boolean): OpenFigures {
  if (figures === undefined) return { count: 0, p50AgeMs: null, p95AgeMs: null, maxAgeMs: null, overTarget: 0 };
  return final ? { ...figures, p50AgeMs: null, p95AgeMs: null, maxAgeMs: null, overTarget: 0 } : figures;
}
