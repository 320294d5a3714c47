import type { BrokerStatus, System } from '../../api/contract/system.ts';
import type { QueueDelays } from '../../query/metrics/queue-figures.ts';
import { vhostOf } from './broker-measurements.ts';
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

function attributesOf(delays: QueueDelays) {
  return { 'messaging.destination.name': delays.queue, ...vhostOf(delays) };
}

/** The condition of the tracers themselves. */
export function tracerMeasurements({ rabbitmq }: Pick<System, 'rabbitmq'>): Measurement[] {
  const points = (value: (broker: BrokerStatus) => number | null) =>
    rabbitmq.flatMap((broker) => {
      const measured = value(broker);
      return measured === null ? [] : [{ attributes: vhostOf(broker), value: measured }];
    });
  return [
    numbers(
      'waybill.firehose.events',
      rabbitmq.flatMap(({ published, delivered, ...status }) => [
        { attributes: { ...vhostOf(status), 'waybill.event.kind': 'publish' }, value: published },
        { attributes: { ...vhostOf(status), 'waybill.event.kind': 'deliver' }, value: delivered },
      ]),
    ),
    numbers(
      'waybill.firehose.dropped',
      rabbitmq.flatMap(({ malformed, repeated, dropped, ...status }) =>
        Object.entries({ malformed, repeated, refused: dropped }).map(([cause, value]) => ({
          attributes: { ...vhostOf(status), 'waybill.drop.cause': cause },
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
