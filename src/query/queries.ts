import { type Aligner, openAligner } from '../lifecycle/conformance/alignment.ts';
import { initialStatuses, type Lifecycle } from '../lifecycle/definition.ts';
import { restrictedMean, type SurvivalCurve, survivalQuantile } from '../lifecycle/dwell/kaplan-meier.ts';
import type { Explanation } from '../lifecycle/dwell/over-represented.ts';
import { openWorkingClock, type WorkingClock } from '../lifecycle/dwell/working-time.ts';
import type { Machine } from '../lifecycle/machine.ts';
import { WaybillError } from '../model/errors.ts';
import { type DurationNano, MIN_UNIX_NANO, nanoToMs, type UnixNano } from '../model/units.ts';
import type { StoreClient } from '../store/client.ts';
import { type KnownAttribute, knownAttributes } from './attributes.ts';
import { listAudit } from './audit.ts';
import { statusBreakdowns, withCoverage } from './breakdown.ts';
import { type Conformance, conformanceOf, type OrderVariants, orderVariants } from './conformance.ts';
import { deadLettersByStatus, deadLettersOfOrders, findDeadLetter } from './dead-letters/counts.ts';
import type { DeadLetterFilter, DeadLetterPage } from './dead-letters/list.ts';
import { explainStatus } from './explain.ts';
import { exportOrders } from './export.ts';
import { type FailureFilter, failureFigures } from './failures.ts';
import type { FigureScope } from './figure-scope.ts';
import { type LastMessage, lastMessages } from './last-messages.ts';
import { leadTime } from './lead-time.ts';
import { type FoundLog, findLogs, type LogFilter } from './logs.ts';
import { metricNames } from './metric-names.ts';
import { type MetricQuestion, metricSeries } from './metric-series.ts';
import { findOrder, type OrderDetail } from './order.ts';
import { findOrderBreakdown, type OrderBreakdown } from './order-breakdown.ts';
import { orderMessages } from './order-messages.ts';
import { type ListedOrder, listOrders, type OrderFilter } from './orders.ts';
import { deadLetterAnswer, type QueueOverview, queueOverview } from './queue-overview.ts';
import { queueStates } from './queue-samples.ts';
import { type QueueWindow, queueKey, type Unroutable, unroutableMessages } from './queues.ts';
import { Resources } from './resources.ts';
import { type SearchHit, search } from './search.ts';
import { completedFigures, edgeCounts, openFigures, orderTotals, total } from './statuses.ts';
import { type StuckOrder, stuckOrders } from './stuck.ts';
import { statusSurvival } from './survival.ts';
import { findTrace } from './trace.ts';
import { findTraces } from './traces/find-traces.ts';
import { listOperations, listServices } from './traces/operations.ts';
import type { TraceFilter } from './traces/trace-filter.ts';
import { type CellScope, completedCounts, visitCells } from './visit-cells.ts';

/** An age that fewer than one visit in twenty reaches is improbable. */
const IMPROBABLE = 0.05;

/** The questions that can be asked of the store, under one lifecycle. */
export class Queries {
  readonly #store: StoreClient;
  readonly #resources: Resources;
  readonly #lifecycle: Lifecycle;
  readonly #now: () => UnixNano;
  readonly #recoveryTime: DurationNano;
  readonly #machine: Machine;
  #aligner: Aligner | undefined;
  #clock: WorkingClock | undefined;

  constructor(options: { store: StoreClient; machine: Machine; now: () => UnixNano; recoveryTime: DurationNano }) {
    this.#store = options.store;
    this.#resources = new Resources(options.store);
    this.#machine = options.machine;
    this.#lifecycle = options.machine.lifecycle;
    this.#now = options.now;
    this.#recoveryTime = options.recoveryTime;
  }

  async orders(filter: OrderFilter): Promise<(ListedOrder & { deadLetterCount: number })[]> {
    const orders = await listOrders(this.#store, filter);
    const ids = orders.map(({ orderId }) => orderId);
    const letters = await deadLettersOfOrders(this.#store, ids, this.#now());
    return orders.map((order) => ({ ...order, deadLetterCount: letters.get(order.orderId) ?? 0 }));
  }

  async order(orderId: string): Promise<(OrderDetail & { deadLetterCount: number }) | undefined> {
    const [order, letters] = await Promise.all([
      findOrder(this.#store, orderId, { now: this.#now(), recoveryTime: this.#recoveryTime }),
      deadLettersOfOrders(this.#store, [orderId], this.#now()),
    ]);
    return order === undefined ? undefined : { ...order, deadLetterCount: letters.get(orderId) ?? 0 };
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
  async stuck(limit: number): Promise<{
    improbable: number;
    total: number;
    orders: (StuckOrder & { lastMessage: LastMessage | null; deadLetterCount: number })[];
  }> {
    const { statuses } = this.#lifecycle;
    const found = await stuckOrders(this.#store, {
      now: this.#now(),
      targets: new Map(statuses.flatMap(({ id, target }) => (target === null ? [] : [[id, nanoToMs(target)]]))),
      survival: statusSurvival(await visitCells(this.#store, this.#scope({}))),
      improbable: IMPROBABLE,
      limit,
    });
    const ids = found.orders.map(({ orderId }) => orderId);
    const [messages, letters] = await Promise.all([
      lastMessages(this.#store, ids),
      deadLettersOfOrders(this.#store, ids, this.#now()),
    ]);
    return {
      improbable: IMPROBABLE,
      total: found.total,
      orders: found.orders.map((order) => ({
        ...order,
        lastMessage: messages.get(order.orderId) ?? null,
        deadLetterCount: letters.get(order.orderId) ?? 0,
      })),
    };
  }

  /** What the visits of an order consist of; undefined when the order is not known. */
  orderBreakdown(orderId: string): Promise<OrderBreakdown | undefined> {
    const isFinal = (status: string): boolean => this.#machine.isFinal(status);
    return findOrderBreakdown(this.#store, orderId, { now: this.#now(), isFinal });
  }

  /** What describes orders. */
  attributes(): Promise<KnownAttribute[]> {
    return knownAttributes(this.#store);
  }

  /** How long messages wait in queues, and publications that no queue took. */
  async queues(window: QueueWindow): Promise<{ queues: QueueOverview[]; unroutable: Unroutable[] }> {
    const [queues, unroutable] = await Promise.all([
      queueOverview(this.#store, window),
      unroutableMessages(this.#store, window),
    ]);
    return { queues, unroutable };
  }

  /** One page of dead letters, how many there are, and the queues that hold such. */
  deadLetters(filter: DeadLetterFilter, page: DeadLetterPage): ReturnType<typeof deadLetterAnswer> {
    return deadLetterAnswer(this.#store, filter, page);
  }

  /** One dead letter as it stands now, with the type of its queue where that was sampled; undefined when it is not known. */
  async deadLetter(id: string) {
    const letter = await findDeadLetter(this.#store, id, this.#now());
    if (letter === undefined) return undefined;
    const states = await queueStates(this.#store, this.#now());
    const state = states.find((each) => queueKey(each) === queueKey(letter));
    return { ...letter, queueType: state?.type || null };
  }

  /** What people did through Waybill, the newest first. */
  audit(limit: number): ReturnType<typeof listAudit> {
    return listAudit(this.#store, limit);
  }

  /** The messages that did work for an order; undefined when it is not known. */
  orderMessages(orderId: string): ReturnType<typeof orderMessages> {
    return orderMessages(this.#store, orderId);
  }

  trace(traceId: string): ReturnType<typeof findTrace> {
    return findTrace(this.#store, this.#resources, traceId);
  }

  /** One page of traces of which a span fits the filter, newest first. */
  traces(filter: TraceFilter, page: Parameters<typeof findTraces>[2]): ReturnType<typeof findTraces> {
    return findTraces(this.#store, filter, page);
  }

  /** Services that sent spans. */
  services(): ReturnType<typeof listServices> {
    return listServices(this.#store);
  }

  /** Operations of a service. */
  operations(service: string): ReturnType<typeof listOperations> {
    return listOperations(this.#store, service);
  }

  /** Log records, newest first. */
  logs(filter: LogFilter): Promise<FoundLog[]> {
    return findLogs(this.#store, filter);
  }

  /** The metrics that services sent. */
  metrics(filter: Parameters<typeof metricNames>[1]): ReturnType<typeof metricNames> {
    return metricNames(this.#store, filter);
  }

  /** One metric over time. */
  metric(question: MetricQuestion): ReturnType<typeof metricSeries> {
    return metricSeries(this.#store, question);
  }

  search(text: string): Promise<SearchHit[]> {
    return search(this.#store, text);
  }

  /** The lifecycle in force, with targets in milliseconds. */
  lifecycle() {
    const { name, version, label, initial, target, regions, systems, statuses, transitions, calendar } =
      this.#lifecycle;
    return {
      name,
      version,
      label,
      initial,
      targetMs: target === null ? null : nanoToMs(target),
      regions: regions.map((region) => ({ ...region, startsWhen: [...region.startsWhen] })),
      systems: systems.map((system) => ({ id: system.id, label: system.label })),
      statuses: statuses.map((status) => ({
        id: status.id,
        system: status.system,
        region: status.region,
        label: status.label,
        targetMs: status.target === null ? null : nanoToMs(status.target),
        final: status.final,
      })),
      transitions: transitions.map(({ from, to, requires }) => ({ from, to, requires: [...requires] })),
      calendar: calendar === null ? null : { zone: calendar.zone },
    };
  }

  /**
   * Figures of every status of the lifecycle, and of statuses that only orders know; `since` limits completed visits by
   * their end, and `at` tells what was known then: later facts do not count, and visits that ended later are open.
   *
   * Throws WaybillError `invalid_argument` for working time where the lifecycle has no calendar.
   */
  async statuses(
    asked: {
      readonly since?: UnixNano | undefined;
      readonly at?: UnixNano | undefined;
      readonly attribute?: FigureScope['attribute'];
      readonly time?: 'wall' | 'working' | undefined;
    } = {},
  ) {
    const scope = this.#scope(asked);
    const { since = MIN_UNIX_NANO } = asked;
    const [found, breakdowns, deadLetters] = await Promise.all([
      visitCells(this.#store, { ...scope, since: asked.since }),
      statusBreakdowns(this.#store, { ...scope, since }),
      deadLettersByStatus(this.#store, scope),
    ]);
    // The breakdowns may be of the newest visits only: then their coverage is that of the same time.
    const comparable =
      breakdowns.since === since
        ? new Map([...found.recent].map(([status, { counts }]) => [status, total(counts)]))
        : await completedCounts(this.#store, { ...scope, since: breakdowns.since });
    const allowed = new Set(this.#lifecycle.transitions.map(({ from, to }) => `${from}\n${to}`));
    const initial = initialStatuses(this.#lifecycle);
    const visits = found.cells.filter(({ kind }) => kind === 'completed' || kind === 'open' || kind === 'final');
    const cellsOf = Map.groupBy(visits, ({ status }) => status);
    const known = this.#lifecycle.statuses.map((status) => this.#describe(status.id));
    const unknown = [...cellsOf.keys()]
      .filter((status) => !this.#lifecycle.statuses.some(({ id }) => id === status))
      .sort()
      .map((status) => this.#describe(status));
    const survival = statusSurvival(found);
    const lead = leadTime(found);
    const totals = orderTotals(found);
    return {
      lifecycle: { name: this.#lifecycle.name, version: this.#lifecycle.version },
      quantile: 'type7' as const,
      time: asked.time ?? ('wall' as const),
      exact: found.exact,
      statuses: [...known, ...unknown].map((status) => ({
        ...status,
        completed: completedFigures(found.recent.get(status.status) ?? { values: [], counts: [] }),
        estimated: estimate(survival.get(status.status)),
        open: openFigures(cellsOf.get(status.status) ?? [], status.final ? null : status.targetMs),
        deadLetterOrders: deadLetters.get(status.status) ?? 0,
        clockAnomalies: total((cellsOf.get(status.status) ?? []).map((cell) => cell.clockAnomalies)),
        breakdown: withCoverage(breakdowns.byStatus.get(status.status), comparable.get(status.status) ?? 0),
      })),
      edges: edgeCounts(found).map(({ from, to, count }) => ({
        from,
        to,
        count,
        allowed: from === null ? initial.has(to) : allowed.has(`${from}\n${to}`),
      })),
      leadTime: {
        completed: lead.completed,
        estimated: estimate(lead.curve),
        outcomes: [...lead.outcomes],
        targetMs: this.#lifecycle.target === null ? null : nanoToMs(this.#lifecycle.target),
      },
      orders: { ...totals, open: totals.total - totals.closed },
    };
  }

  #scope(asked: {
    readonly at?: UnixNano | undefined;
    readonly attribute?: FigureScope['attribute'];
    readonly time?: 'wall' | 'working' | undefined;
  }): CellScope {
    const { at, attribute, time } = asked;
    const finals = this.#lifecycle.statuses.filter(({ final }) => final).map(({ id }) => id);
    const scope = { at: at ?? this.#now(), past: at !== undefined, attribute, finals };
    return time === 'working' ? { ...scope, working: this.#workingClock() } : scope;
  }

  #workingClock(): WorkingClock {
    const { calendar } = this.#lifecycle;
    if (calendar === null) {
      throw new WaybillError('invalid_argument', 'the lifecycle has no calendar, so there is no working time', {
        remedy: 'add `calendar` to the lifecycle, or ask without `time=working`',
      });
    }
    this.#clock ??= openWorkingClock(calendar);
    return this.#clock;
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
