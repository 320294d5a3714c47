import type { System } from '../../api/contract/system.ts';
import type { BrokerFigures } from '../../query/metrics/broker-figures.ts';
import { type Measurement, numbers } from './measurement.ts';

/** Attributes of a virtual host. */
export const vhostOf = ({ broker, vhost }: { readonly broker: string; readonly vhost: string }) => ({
  'waybill.rabbitmq.broker': broker,
  'waybill.rabbitmq.vhost': vhost,
});

const placed = (queue: { readonly broker: string; readonly vhost: string; readonly queue: string }) => ({
  'messaging.destination.name': queue.queue,
  ...vhostOf(queue),
});

/** The metrics of what queues hold: messages, consumers, dead letters. */
export function brokerMeasurements({ queues, deadLetters, unroutable }: BrokerFigures): Measurement[] {
  return [
    numbers(
      'messaging.queue.ready',
      queues.map((each) => ({ attributes: placed(each), value: each.ready })),
    ),
    numbers(
      'messaging.queue.unacknowledged',
      queues.map((each) => ({ attributes: placed(each), value: each.unacked })),
    ),
    numbers(
      'messaging.queue.consumers',
      queues.map((each) => ({ attributes: placed(each), value: each.consumers })),
    ),
    numbers(
      'messaging.dead_letters',
      deadLetters.map((each) => ({
        attributes: { ...placed(each), 'messaging.dead_letter.reason': each.reason },
        value: each.count,
      })),
    ),
    numbers(
      'messaging.unroutable',
      unroutable.map(({ exchange, count, ...place }) => ({
        attributes: { 'messaging.exchange.name': exchange, ...vhostOf(place) },
        value: count,
      })),
    ),
  ];
}

/** Whether queues are sampled, for each virtual host where they should be. */
export function samplingMeasurements({ rabbitmq }: Pick<System, 'rabbitmq'>): Measurement[] {
  return [
    numbers(
      'waybill.queue_sampling.up',
      rabbitmq.flatMap(({ sampling, ...status }) =>
        sampling === null || sampling.state === 'off'
          ? []
          : [{ attributes: vhostOf(status), value: sampling.state === 'ok' ? 1 : 0 }],
      ),
    ),
  ];
}
