import { initialStatuses, type Lifecycle } from '../../lifecycle/definition.ts';
import type { BrokerFigures } from '../../query/metrics/broker-figures.ts';
import { spreadBuckets } from '../../query/metrics/duration-buckets.ts';
import type { DurationFigures, OrderFigures } from '../../query/metrics/order-figures.ts';
import type { QueueDelays } from '../../query/metrics/queue-figures.ts';
import { brokerMeasurements } from './broker-measurements.ts';
import type { Attributes, HistogramPoint, Measurement } from './measurement.ts';
import { histograms, numbers } from './measurement.ts';
import { queueMeasurements } from './queue-measurements.ts';

/** What is known of all orders at one moment. */
export interface OrderState {
  readonly figures: OrderFigures;
  /** Stuck orders by status. */
  readonly stuck: ReadonlyMap<string, number>;
  readonly queues: readonly QueueDelays[];
  readonly brokers: BrokerFigures;
}

/** Classes of failures; each is exported also where it has not occurred. */
const FAILURE_CLASSES = ['timeout', 'api_error', 'other'];
const NO_DURATIONS = { counts: spreadBuckets([], []), sumSeconds: 0 };

/** Attribute of the point that adds up what is beyond the limit of points, as OpenTelemetry's SDKs name it. */
const OVERFLOW: Attributes = { 'otel.metric.overflow': true };

/**
 * The metrics of orders. Statuses of the lifecycle and classes of failures are there with zeros from the beginning, so that a first
 * occurrence is a change and not a new series that no rule looks at.
 */
export function orderMeasurements(
  { figures, stuck, queues, brokers }: OrderState,
  lifecycle: Lifecycle,
): Measurement[] {
  const working = lifecycle.statuses.filter(({ final }) => !final).map(({ id }) => id);
  const finals = lifecycle.statuses.filter(({ final }) => final).map(({ id }) => id);
  const active = (status: string) => ({ overflow: false, lifecycle: lifecycle.name, status, orders: 0 });
  // A region that is done waits for nobody, while the order still does.
  const waiting = figures.active.filter(({ status }) => !finals.includes(status));
  return [
    histograms('order.status.duration', durationPoints(figures.statusDurations, working, lifecycle.name)),
    targets(lifecycle),
    histograms('order.lead_time', durationPoints(figures.leadTimes, finals, lifecycle.name)),
    numbers(
      'order.active',
      withZeros(waiting, working.map(active), ({ status, ...group }) => `${group.lifecycle}\n${status}`).map(
        (group) => ({ attributes: statusAttributes(group), value: group.orders }),
      ),
    ),
    numbers(
      'order.stuck',
      [...new Set([...working, ...stuck.keys()])].map((status) => ({
        attributes: { 'order.status': status },
        value: stuck.get(status) ?? 0,
      })),
    ),
    transitions(figures, lifecycle),
    numbers(
      'order.deviations',
      figures.deviations.map(({ overflow, kind, lifecycle: name, deviations }) => ({
        attributes: overflow ? OVERFLOW : { 'order.deviation.kind': kind, 'order.lifecycle': name },
        value: deviations,
      })),
    ),
    numbers(
      'order.clock_anomalies',
      figures.clockAnomalies.map((group) => ({ attributes: statusAttributes(group), value: group.anomalies })),
    ),
    ...failures(figures),
    ...queueMeasurements(queues),
    ...brokerMeasurements(brokers),
  ];
}

function failures({ failures: groups, outcomes }: OrderFigures): Measurement[] {
  const all = withZeros(
    outcomes,
    FAILURE_CLASSES.map((failureClass) => ({ failureClass, failed: 0, recovered: 0 })),
    ({ failureClass }) => failureClass,
  );
  const byClass = (of: 'failed' | 'recovered') =>
    all.map((outcome) => ({ attributes: { 'order.failure.class': outcome.failureClass }, value: outcome[of] }));
  return [
    numbers(
      'order.failures',
      groups.map(({ overflow, failureClass, service, failures: count }) => ({
        attributes: overflow
          ? OVERFLOW
          : { 'order.failure.class': failureClass, ...(service === '' ? {} : { 'service.name': service }) },
        value: count,
      })),
    ),
    numbers('order.failed', byClass('failed')),
    numbers('order.recovered', byClass('recovered')),
  ];
}

function targets(lifecycle: Lifecycle): Measurement {
  return numbers(
    'order.status.target',
    lifecycle.statuses.flatMap(({ id, target, final }) =>
      target === null || final
        ? []
        : [
            {
              attributes: { 'order.status': id, 'order.lifecycle': lifecycle.name },
              value: Number(target) / 1e9,
            },
          ],
    ),
  );
}

function transitions({ transitions: moves }: OrderFigures, lifecycle: Lifecycle): Measurement {
  const allowed = new Set(lifecycle.transitions.map(({ from, to }) => `${from}\n${to}`));
  const initial = initialStatuses(lifecycle);
  return numbers(
    'order.status.transitions',
    moves.map(({ overflow, from, to, lifecycle: name, transitions: count }) => ({
      attributes: overflow
        ? OVERFLOW
        : {
            ...(from === '' ? {} : { 'order.status.from': from }),
            'order.status.to': to,
            'order.transition.allowed': from === '' ? initial.has(to) : allowed.has(`${from}\n${to}`),
            'order.lifecycle': name,
          },
      value: count,
    })),
  );
}

function durationPoints(found: readonly DurationFigures[], known: readonly string[], name: string): HistogramPoint[] {
  const empty = known.map((status) => ({
    overflow: false,
    lifecycle: name,
    status,
    durations: NO_DURATIONS,
  }));
  return withZeros(found, empty, ({ lifecycle, status }) => `${lifecycle}\n${status}`).map((group) => ({
    attributes: statusAttributes(group),
    value: group.durations,
  }));
}

function statusAttributes(group: { overflow: boolean; status: string; lifecycle: string }): Attributes {
  return group.overflow ? OVERFLOW : { 'order.status': group.status, 'order.lifecycle': group.lifecycle };
}

/** The rows found, and after them those of `zeros` whose key was not found. */
function withZeros<Row>(found: readonly Row[], zeros: readonly Row[], key: (row: Row) => string): Row[] {
  const keys = new Set(found.map(key));
  return [...found, ...zeros.filter((row) => !keys.has(key(row)))];
}
