import type { BrokerStatus, System } from '../../api/contract/system.ts';
import type { QueueDelays } from '../../query/metrics/queue-figures.ts';
import { histograms, type Measurement, numbers } from './measurement.ts';

/** The metrics of queues, by what the tracers of RabbitMQ saw in the last hour. */
export function queueMeasurements(queues: readonly QueueDelays[]): Measurement[] {
  return [
    histograms(
      'messaging.queue.delay',
      queues.map((each) => ({ attributes: attributesOf(each), value: each.delays })),
    ),
    numbers(
      'messaging.queue.delay.suppressed',
      queues
        .filter(({ suppressed }) => suppressed > 0)
        .map((each) => ({ attributes: attributesOf(each), value: each.suppressed })),
    ),
  ];
}

function attributesOf({ queue, vhost }: QueueDelays) {
  return { 'messaging.destination.name': queue, 'waybill.rabbitmq.vhost': vhost };
}

/** The condition of the tracers themselves. */
export function tracerMeasurements({ rabbitmq }: Pick<System, 'rabbitmq'>): Measurement[] {
  const points = (value: (broker: BrokerStatus) => number | null) =>
    rabbitmq.flatMap((broker) => {
      const measured = value(broker);
      return measured === null ? [] : [{ attributes: { 'waybill.rabbitmq.vhost': broker.vhost }, value: measured }];
    });
  return [
    numbers(
      'waybill.firehose.events',
      rabbitmq.flatMap(({ vhost, published, delivered }) => [
        { attributes: { 'waybill.rabbitmq.vhost': vhost, 'waybill.event.kind': 'publish' }, value: published },
        { attributes: { 'waybill.rabbitmq.vhost': vhost, 'waybill.event.kind': 'deliver' }, value: delivered },
      ]),
    ),
    numbers(
      'waybill.firehose.dropped',
      rabbitmq.flatMap(({ vhost, malformed, repeated, dropped }) =>
        Object.entries({ malformed, repeated, refused: dropped }).map(([cause, value]) => ({
          attributes: { 'waybill.rabbitmq.vhost': vhost, 'waybill.drop.cause': cause },
          value,
        })),
      ),
    ),
    numbers(
      'waybill.firehose.lost',
      points(({ estimatedLost }) => estimatedLost),
    ),
    numbers(
      'waybill.firehose.coverage',
      points(({ coverage }) => coverage?.share ?? null),
    ),
    numbers(
      'waybill.firehose.up',
      points(({ state }) => (state === 'running' ? 1 : 0)),
    ),
    numbers(
      'waybill.firehose.lag',
      points(({ lagMs }) => lagMs / 1000),
    ),
  ];
}
