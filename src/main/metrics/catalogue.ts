/**
 * What a metric is: a `counter` only rises while the process lives; an `updown` is a number of things that can also fall; a `gauge`
 * is a measurement; a `histogram` holds durations of all orders in the store and, like an `updown`, can lose some again.
 */
export type MetricType = 'counter' | 'updown' | 'gauge' | 'histogram';

/** One metric, as docs/metrics.md lists it. */
export interface MetricDefinition {
  /** In the style of OpenTelemetry's semantic conventions. */
  readonly name: string;
  readonly type: MetricType;
  /** UCUM: `s`, `By`, or an annotation in braces for things that are counted. */
  readonly unit: string;
  readonly description: string;
  /** Attributes of its points; one without a value is left out. */
  readonly attributes: readonly string[];
}

/** Every metric that Waybill exports, in the order of the export. Names are an interface: dashboards and alerts depend on them. */
export const CATALOGUE = [
  {
    name: 'order.status.duration',
    type: 'histogram',
    unit: 's',
    description: 'How long orders stayed in a status; completed visits only',
    attributes: ['order.status', 'order.lifecycle'],
  },
  {
    name: 'order.status.target',
    type: 'gauge',
    unit: 's',
    description: 'Longest stay in a status that counts as good, by the lifecycle',
    attributes: ['order.status', 'order.lifecycle'],
  },
  {
    name: 'order.lead_time',
    type: 'histogram',
    unit: 's',
    description: 'From the first status of an order to its final one',
    attributes: ['order.status', 'order.lifecycle'],
  },
  {
    name: 'order.active',
    type: 'updown',
    unit: '{order}',
    description: 'Orders that are not closed, by the status they are in now; with regions in each of them',
    attributes: ['order.status', 'order.lifecycle'],
  },
  {
    name: 'order.stuck',
    type: 'updown',
    unit: '{order}',
    description: 'Open orders that wait longer than the target of their status, or improbably long',
    attributes: ['order.status'],
  },
  {
    name: 'order.status.transitions',
    type: 'updown',
    unit: '{transition}',
    description: 'Entries into a status, by the status before and by whether the lifecycle allows the move',
    attributes: ['order.status.from', 'order.status.to', 'order.transition.allowed', 'order.lifecycle'],
  },
  {
    name: 'order.deviations',
    type: 'updown',
    unit: '{deviation}',
    description: 'What the lifecycle does not allow and happened',
    attributes: ['order.deviation.kind', 'order.lifecycle'],
  },
  {
    name: 'order.clock_anomalies',
    type: 'updown',
    unit: '{visit}',
    description: 'Times of entry that cannot be right, since clocks disagree',
    attributes: ['order.status', 'order.lifecycle'],
  },
  {
    name: 'order.failures',
    type: 'updown',
    unit: '{failure}',
    description: 'Errors in work for orders, by class and by the service of the innermost error span',
    attributes: ['order.failure.class', 'service.name'],
  },
  {
    name: 'order.failed',
    type: 'updown',
    unit: '{order}',
    description: 'Orders that did not move forward after a failure, and the recovery time is over',
    attributes: ['order.failure.class'],
  },
  {
    name: 'order.recovered',
    type: 'updown',
    unit: '{order}',
    description: 'Orders that moved forward after a failure, but later than the recovery time',
    attributes: ['order.failure.class'],
  },
  {
    name: 'messaging.queue.delay',
    type: 'histogram',
    unit: 's',
    description: 'From publication to first delivery of messages that were seen in the last hour',
    attributes: ['messaging.destination.name', 'waybill.rabbitmq.broker', 'waybill.rabbitmq.vhost'],
  },
  {
    name: 'messaging.queue.delay.suppressed',
    type: 'updown',
    unit: '{message}',
    description: 'Messages of the last hour that are in no histogram because the tracer lagged',
    attributes: ['messaging.destination.name', 'waybill.rabbitmq.broker', 'waybill.rabbitmq.vhost'],
  },
  {
    name: 'messaging.queue.ready',
    type: 'updown',
    unit: '{message}',
    description: 'Messages that wait in a queue for consumers; the 200 fullest queues',
    attributes: ['messaging.destination.name', 'waybill.rabbitmq.broker', 'waybill.rabbitmq.vhost'],
  },
  {
    name: 'messaging.queue.unacknowledged',
    type: 'updown',
    unit: '{message}',
    description: 'Messages that consumers of a queue have and did not acknowledge',
    attributes: ['messaging.destination.name', 'waybill.rabbitmq.broker', 'waybill.rabbitmq.vhost'],
  },
  {
    name: 'messaging.queue.consumers',
    type: 'updown',
    unit: '{consumer}',
    description: 'Consumers of a queue',
    attributes: ['messaging.destination.name', 'waybill.rabbitmq.broker', 'waybill.rabbitmq.vhost'],
  },
  {
    name: 'messaging.dead_letters',
    type: 'updown',
    unit: '{message}',
    description: 'Unresolved dead letters, by the queue that holds them and by reason',
    attributes: [
      'messaging.destination.name',
      'waybill.rabbitmq.broker',
      'waybill.rabbitmq.vhost',
      'messaging.dead_letter.reason',
    ],
  },
  {
    name: 'messaging.unroutable',
    type: 'updown',
    unit: '{message}',
    description: 'Publications of the last hour that no queue took; direct replies are not among them',
    attributes: ['messaging.exchange.name', 'waybill.rabbitmq.broker', 'waybill.rabbitmq.vhost'],
  },
  {
    name: 'waybill.queue_sampling.up',
    type: 'gauge',
    unit: '{watch}',
    description: '1 while queues of a virtual host are sampled, 0 while the broker does not answer',
    attributes: ['waybill.rabbitmq.broker', 'waybill.rabbitmq.vhost'],
  },
  {
    name: 'waybill.firehose.events',
    type: 'counter',
    unit: '{event}',
    description: "Events of RabbitMQ's firehose that were taken",
    attributes: ['waybill.rabbitmq.broker', 'waybill.rabbitmq.vhost', 'waybill.event.kind'],
  },
  {
    name: 'waybill.firehose.dropped',
    type: 'counter',
    unit: '{event}',
    description: 'Events of the firehose that arrived and were left out, by cause',
    attributes: ['waybill.rabbitmq.broker', 'waybill.rabbitmq.vhost', 'waybill.drop.cause'],
  },
  {
    name: 'waybill.firehose.lost',
    type: 'updown',
    unit: '{event}',
    description: "Events of the firehose that never arrived, estimated by the broker's counters",
    attributes: ['waybill.rabbitmq.broker', 'waybill.rabbitmq.vhost'],
  },
  {
    name: 'waybill.firehose.coverage',
    type: 'gauge',
    unit: '{share}',
    description: 'Share of the publications and deliveries that the broker counted and the tracer saw',
    attributes: ['waybill.rabbitmq.broker', 'waybill.rabbitmq.vhost'],
  },
  {
    name: 'waybill.firehose.up',
    type: 'gauge',
    unit: '{tracer}',
    description: '1 while the tracer of a virtual host takes events, 0 while it is paused or not connected',
    attributes: ['waybill.rabbitmq.broker', 'waybill.rabbitmq.vhost'],
  },
  {
    name: 'waybill.firehose.lag',
    type: 'gauge',
    unit: 's',
    description: 'How late events of the firehose arrive',
    attributes: ['waybill.rabbitmq.broker', 'waybill.rabbitmq.vhost'],
  },
  {
    name: 'waybill.spans.accepted',
    type: 'counter',
    unit: '{span}',
    description: 'Spans made durable',
    attributes: [],
  },
  {
    name: 'waybill.spans.refused',
    type: 'counter',
    unit: '{span}',
    description: 'Spans left out of accepted requests, by reason',
    attributes: ['error.type'],
  },
  {
    name: 'waybill.requests.refused',
    type: 'counter',
    unit: '{request}',
    description: 'Requests of senders that were not taken, by reason',
    attributes: ['error.type'],
  },
  {
    name: 'waybill.values.redacted',
    type: 'counter',
    unit: '{value}',
    description: 'Values replaced because their key must not be stored',
    attributes: [],
  },
  {
    name: 'waybill.drops',
    type: 'counter',
    unit: '{drop}',
    description: 'Everything else that was cut, dropped or set aside, by cause; bytes where the cause says so',
    attributes: ['waybill.drop.cause'],
  },
  {
    name: 'waybill.journal.size',
    type: 'updown',
    unit: 'By',
    description: 'Bytes that are accepted and not in the store yet',
    attributes: [],
  },
  {
    name: 'waybill.journal.limit',
    type: 'updown',
    unit: 'By',
    description: 'Bytes at which the journal is full and senders are told to retry',
    attributes: [],
  },
  {
    name: 'waybill.journal.segments',
    type: 'updown',
    unit: '{segment}',
    description: 'Segments of the journal that wait for the store',
    attributes: [],
  },
  {
    name: 'waybill.journal.lag',
    type: 'gauge',
    unit: 's',
    description: 'Age of the oldest segment that is not in the store; 0 when there is none',
    attributes: [],
  },
  {
    name: 'waybill.projector.lag',
    type: 'gauge',
    unit: 's',
    description: 'Time since the oldest facts that are in the store and not in their order yet; 0 when there are none',
    attributes: [],
  },
  {
    name: 'waybill.projector.refolds',
    type: 'counter',
    unit: '{order}',
    description: 'Orders computed again from all their facts',
    attributes: [],
  },
  {
    name: 'waybill.projector.failures',
    type: 'counter',
    unit: '{failure}',
    description: 'Rounds of the projector that failed and were repeated',
    attributes: [],
  },
  {
    name: 'waybill.store.up',
    type: 'gauge',
    unit: '{store}',
    description: '1 when the store answers, else 0',
    attributes: [],
  },
  {
    name: 'waybill.store.restarts',
    type: 'counter',
    unit: '{restart}',
    description: 'How often the embedded store died and was started again',
    attributes: [],
  },
  {
    name: 'waybill.uptime',
    type: 'gauge',
    unit: 's',
    description: 'Time since the start of the server',
    attributes: [],
  },
  {
    name: 'waybill.metrics.age',
    type: 'gauge',
    unit: 's',
    description: 'Age of the figures of orders in this export; absent while there are none',
    attributes: [],
  },
  {
    name: 'waybill.metrics.duration',
    type: 'gauge',
    unit: 's',
    description: 'How long the store took for the figures of orders in this export',
    attributes: [],
  },
  {
    name: 'waybill.metrics.failures',
    type: 'counter',
    unit: '{failure}',
    description: 'How often the store did not answer for the figures of orders',
    attributes: [],
  },
  {
    name: 'waybill.metrics.push.failures',
    type: 'counter',
    unit: '{failure}',
    description: 'Pushes over OTLP that the receiver did not take; the next push carries the figures again',
    attributes: [],
  },
] as const satisfies readonly MetricDefinition[];

/** A name of the catalogue. */
export type MetricName = (typeof CATALOGUE)[number]['name'];

/** Name of a metric in Prometheus: dots become underscores, the unit and `_total` of counters are appended (OpenTelemetry's rules). */
export function prometheusName({ name, unit, type }: MetricDefinition): string {
  const suffix = prometheusUnit(unit);
  const base = name.replaceAll(/[^A-Za-z0-9_]/g, '_') + (suffix === undefined ? '' : `_${suffix}`);
  return type === 'counter' ? `${base}_total` : base;
}

/** The unit as Prometheus spells it; undefined for things that are counted. */
export function prometheusUnit(unit: string): string | undefined {
  return unit === 's' ? 'seconds' : unit === 'By' ? 'bytes' : undefined;
}

/** Every series name that a scrape can have: what queries in dashboards and alerts may use. */
export function prometheusSeries(definition: MetricDefinition): string[] {
  const name = prometheusName(definition);
  return definition.type === 'histogram' ? [`${name}_bucket`, `${name}_gcount`, `${name}_gsum`] : [name];
}
