import type { System } from '../../api/contract/system.ts';
import { samplingMeasurements } from './broker-measurements.ts';
import type { Measurement, NumberPoint } from './measurement.ts';
import { number, numbers } from './measurement.ts';
import { tracerMeasurements } from './queue-measurements.ts';

const SPAN_REJECTED = 'span_rejected.';
const REQUEST_REFUSED = 'request_refused.';

/** Waybill's own condition as metrics; the numbers are those of `GET /api/system`. */
export function ownMeasurements(system: System): Measurement[] {
  const { ingest, journal, projector, store, drops } = system;
  const other = drops.filter(({ what }) => !what.startsWith(SPAN_REJECTED) && !what.startsWith(REQUEST_REFUSED));
  return [
    number('waybill.spans.accepted', ingest.spansAccepted),
    numbers('waybill.spans.refused', byReason(drops, SPAN_REJECTED)),
    numbers('waybill.requests.refused', byReason(drops, REQUEST_REFUSED)),
    number('waybill.values.redacted', ingest.redactedValues),
    numbers(
      'waybill.drops',
      other.map(({ what, count }) => ({ attributes: { 'waybill.drop.cause': what }, value: count })),
    ),
    ...tracerMeasurements(system),
    ...samplingMeasurements(system),
    number('waybill.journal.size', journal.bytes),
    number('waybill.journal.limit', journal.limitBytes),
    number('waybill.journal.segments', journal.segments),
    number('waybill.journal.lag', journal.lagMs / 1000),
    number('waybill.projector.lag', projector.lagMs / 1000),
    number('waybill.projector.refolds', projector.refoldedOrders),
    number('waybill.projector.failures', projector.failures),
    number('waybill.store.up', store.ok ? 1 : 0),
    number('waybill.store.restarts', store.restarts),
    number('waybill.uptime', Math.max(0, Date.parse(system.now) - Date.parse(system.startedAt)) / 1000),
  ];
}

function byReason(drops: System['drops'], prefix: string): NumberPoint[] {
  return drops
    .filter(({ what }) => what.startsWith(prefix))
    .map(({ what, count }) => ({ attributes: { 'error.type': what.slice(prefix.length) }, value: count }));
}
