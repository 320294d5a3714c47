import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { WaybillError } from '../../model/errors.ts';
import { formatRfc3339 } from '../../model/units.ts';
import { errorBody } from '../contract/errors.ts';
import { metric, metricList, metricListQuery, metricQuery } from '../contract/metrics.ts';
import type { ApiParts } from '../parts.ts';
import { toTime } from '../time-parameter.ts';

const HOUR = 3_600_000_000_000n;
const NANO_PER_MS = 1_000_000n;
/** Steps of an answer where the caller does not say how long one is, and at most. */
const USUAL_STEPS = 120;
const MAX_STEPS = 1500;
/** Lengths of a step that people read easily, in seconds. */
const ROUND_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 43_200, 86_400];

/** `GET /api/metrics` and `GET /api/metrics/{name}`. */
export function metricRoutes({ queries, now }: ApiParts): FastifyPluginCallbackZod {
  return (app, _options, done) => {
    app.get(
      '/api/metrics',
      {
        schema: {
          summary: 'The metrics that services sent',
          querystring: metricListQuery,
          response: { 200: metricList, 400: errorBody, 503: errorBody },
        },
      },
      ({ query }) => queries.metrics(query),
    );
    app.get(
      '/api/metrics/:name',
      {
        schema: {
          summary: 'One metric over time: levels, rates, percentiles, as its type allows',
          params: z.object({ name: z.string().min(1).max(512) }),
          querystring: metricQuery,
          response: { 200: metric, 400: errorBody, 404: errorBody, 503: errorBody },
        },
      },
      async ({ params, query }) => {
        const until = toTime('until', query.until) ?? now();
        const since = toTime('since', query.since) ?? until - HOUR;
        const stepMs = stepOf(Number((until - since) / NANO_PER_MS), query.step);
        const { service, by } = query;
        const found = await queries.metric({ name: params.name, service, since, until, stepMs, by });
        if (found === undefined) {
          throw new WaybillError('not_found', 'no point of this metric is known in the time asked for', {
            remedy: 'look further back with `since`, or see GET /api/metrics for the names',
          });
        }
        return { ...found, since: formatRfc3339(since), until: formatRfc3339(until) };
      },
    );
    done();
  };
}

function stepOf(rangeMs: number, asked: number | undefined): number {
  if (rangeMs <= 0) {
    throw new WaybillError('invalid_argument', '`since` is not before `until`', { remedy: 'swap them' });
  }
  const wanted = rangeMs / 1000 / USUAL_STEPS;
  const seconds = asked ?? ROUND_STEPS.find((step) => step >= wanted) ?? Math.ceil(wanted / 86_400) * 86_400;
  if (rangeMs / 1000 / seconds > MAX_STEPS) {
    throw new WaybillError('invalid_argument', `the time asked for has more than ${MAX_STEPS} steps`, {
      remedy: 'ask for less time, for a longer `step`, or leave `step` out',
    });
  }
  return seconds * 1000;
}
