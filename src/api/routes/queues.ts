import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { WaybillError } from '../../model/errors.ts';
import { formatRfc3339, type UnixNano } from '../../model/units.ts';
import { errorBody } from '../contract/errors.ts';
import { orderId } from '../contract/primitives.ts';
import { orderMessages, queues, queuesQuery } from '../contract/queues.ts';
import type { ApiParts, TracedVhost } from '../parts.ts';
import { toTime } from '../time-parameter.ts';

const DAY: UnixNano = 86_400_000_000_000n;

type QueueRow = Awaited<ReturnType<ApiParts['queries']['queues']>>['queues'][number];

const NOT_SAMPLED = {
  depth: null,
  unacked: null,
  consumers: null,
  rates: null,
  sampledAt: null,
  type: null,
};
const NO_DEATHS = { rejected: 0, expired: 0, maxlen: 0, deliveryLimit: 0 };
const NO_DETAILS = { deadLetterOf: [], deadLetterTo: [], deadLettersLost: false, watch: null, watchLimit: null };

/** `GET /api/queues` and `GET /api/orders/{orderId}/messages`. */
export function queueRoutes({ queries, now, rabbitmq }: ApiParts): FastifyPluginCallbackZod {
  return (app, _options, done) => {
    app.get(
      '/api/queues',
      {
        schema: {
          summary: 'How long messages wait in queues, what waits now, and how much of it was seen',
          querystring: queuesQuery,
          response: { 200: queues, 400: errorBody, 503: errorBody },
        },
      },
      async ({ query }) => {
        const at = toTime('at', query.at) ?? now();
        const since = toTime('since', query.since) ?? at - DAY;
        const traced = rabbitmq();
        const followedSince = traced.map(({ status: { broker, vhost }, followedSince: from }) => ({
          broker,
          vhost,
          from,
        }));
        const found = await queries.queues({ since, at, followedSince });
        return {
          since: formatRfc3339(since),
          at: formatRfc3339(at),
          queues: found.queues.map((row) => toQueue(row, traced)),
          unroutable: found.unroutable,
          brokers: traced.map(({ status }) => status),
        };
      },
    );
    app.get(
      '/api/orders/:orderId/messages',
      {
        schema: {
          summary: 'The messages that did work for an order, in the queues that they went through',
          params: z.object({ orderId }),
          response: { 200: orderMessages, 404: errorBody, 503: errorBody },
        },
      },
      async ({ params }) => {
        const found = await queries.orderMessages(params.orderId);
        if (found === undefined) throw new WaybillError('not_found', 'no order with this id is known');
        return found;
      },
    );
    done();
  };
}

function toQueue({ delay, paired, state, deaths, ...row }: QueueRow, traced: readonly TracedVhost[]) {
  const tracer = traced.find(({ status }) => status.broker === row.broker && status.vhost === row.vhost);
  const coverage = tracer?.queues.find(({ queue }) => queue === row.queue);
  return {
    ...row,
    delay,
    coverage: {
      share: coverage?.share ?? null,
      seen: coverage?.seen ?? null,
      counted: coverage?.counted ?? null,
      paired,
    },
    ...stateOf(state),
    deadLettered: deaths?.deadLettered ?? (isWatched(state) ? NO_DEATHS : null),
    deadLetters: deaths?.unresolved ?? 0,
  };
}

/** Whether a message that dies in the queue would have been seen: where it dies to is known, and leads somewhere. */
function isWatched(state: QueueRow['state']): boolean {
  const details = state?.details ?? null;
  return details !== null && !details.deadLettersLost;
}

/** What was sampled of a queue; nulls where it was not. */
function stateOf(state: QueueRow['state']) {
  if (state === null) return { ...NOT_SAMPLED, ...NO_DETAILS };
  const { ready: depth, unacked, consumers, rates, sampledAt, type, details } = state;
  const sampled = { depth, unacked, consumers, rates, sampledAt, type };
  if (details === null) return { ...sampled, ...NO_DETAILS };
  const { deadLetterOf, deadLetterTo, deadLettersLost, watch, watchLimit } = details;
  return {
    ...sampled,
    deadLetterOf: [...deadLetterOf],
    deadLetterTo: [...deadLetterTo],
    deadLettersLost,
    watch,
    watchLimit,
  };
}
