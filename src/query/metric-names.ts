import { z } from 'zod';
import { METRIC_TYPES } from '../model/metric-batch.ts';
import type { StoreClient } from '../store/client.ts';
import { nanoField, nanos } from './time-sql.ts';

/** Most metrics of one answer. */
export const MAX_METRICS = 1000;

const row = z.object({
  name: z.string(),
  type: z.enum(METRIC_TYPES),
  unit: z.string(),
  services: z.array(z.string()),
  last: nanoField,
});

/** The metrics there are, by name; the same name with another type or unit is another metric. */
export async function metricNames(
  store: StoreClient,
  filter: { readonly service?: string | undefined; readonly text?: string | undefined },
) {
  const conditions = [
    ...(filter.service === undefined ? [] : ['service = {service:String}']),
    ...(filter.text === undefined ? [] : ['positionCaseInsensitiveUTF8(name, {text:String}) > 0']),
  ];
  const rows = await store.query(
    // The inner question is the table's projection `names`.
    `SELECT name, type, unit, arraySort(groupUniqArray(service)) AS services, ${nanos('max(seen)')} AS last
     FROM (
       SELECT name, type, unit, service, max(time) AS seen FROM metric_points
       ${conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`}
       GROUP BY name, type, unit, service
     )
     GROUP BY name, type, unit ORDER BY name, type, unit LIMIT ${MAX_METRICS + 1}`,
    { service: filter.service ?? '', text: filter.text ?? '' },
    row,
  );
  return {
    metrics: rows.slice(0, MAX_METRICS).map(({ last, ...metric }) => ({ ...metric, lastSeenAt: last })),
    truncated: rows.length > MAX_METRICS,
  };
}
