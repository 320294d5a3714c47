import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { WaybillError } from '../../model/errors.ts';
import type { UnixNano } from '../../model/units.ts';
import type { TraceFilter } from '../../query/traces/trace-filter.ts';
import { errorBody } from '../contract/errors.ts';
import { searchQuery, searchResults } from '../contract/system.ts';
import {
  operations,
  operationsQuery,
  services,
  type TracesQuery,
  trace,
  traces,
  tracesQuery,
} from '../contract/traces.ts';
import { decodeTraceCursor, encodeTraceCursor } from '../cursor.ts';
import { toDuration } from '../duration-parameter.ts';
import type { ApiParts } from '../parts.ts';
import { toTime } from '../time-parameter.ts';

/** Where a search does not say since when. */
const DEFAULT_WINDOW_NANO = 3_600_000_000_000n;

const anyCaseTraceId = z
  .string()
  .regex(/^[0-9a-fA-F]{32}$/, 'a trace id has 32 hexadecimal digits')
  .transform((text) => text.toLowerCase());

/** `GET /api/traces`, `GET /api/services` and `GET /api/operations`. */
export function traceSearchRoutes({ queries, now }: ApiParts): FastifyPluginCallbackZod {
  return (app, _options, done) => {
    app.get(
      '/api/traces',
      {
        schema: {
          summary: 'Traces of which one span fits everything that is asked for, newest first',
          querystring: tracesQuery,
          response: { 200: traces, 400: errorBody, 503: errorBody },
        },
      },
      async ({ query }) => {
        const { limit, cursor } = query;
        const found = await queries.traces(toFilter(query, now()), {
          limit,
          after: cursor === undefined ? undefined : decodeTraceCursor(cursor),
        });
        return {
          traces: found.traces.map((each) => ({ ...each, orders: [...each.orders] })),
          nextCursor: found.next === undefined ? null : encodeTraceCursor(found.next),
          truncated: found.truncated,
        };
      },
    );
    app.get(
      '/api/services',
      { schema: { summary: 'Services that sent spans', response: { 200: services, 503: errorBody } } },
      () => queries.services(),
    );
    app.get(
      '/api/operations',
      {
        schema: {
          summary: 'Operations of a service: the names of its spans, with their kinds',
          querystring: operationsQuery,
          response: { 200: operations, 400: errorBody, 503: errorBody },
        },
      },
      async ({ query }) => {
        const found = await queries.operations(query.service);
        return { ...found, operations: found.operations.map(({ name, kinds }) => ({ name, kinds: [...kinds] })) };
      },
    );
    done();
  };
}

/** What is asked for, checked. Throws `invalid_argument`. */
function toFilter(query: TracesQuery, now: UnixNano): TraceFilter {
  const { service, operation, kind, error, attribute = [] } = query;
  const minDuration = toDuration('minDuration', query.minDuration);
  const maxDuration = toDuration('maxDuration', query.maxDuration);
  if (minDuration !== undefined && maxDuration !== undefined && minDuration > maxDuration) {
    throw new WaybillError('invalid_argument', '`minDuration` is longer than `maxDuration`', {
      remedy: 'exchange them, or leave one out',
    });
  }
  const until = toTime('until', query.until);
  const since =
    toTime('since', query.since) ?? (until === undefined || until > now ? now : until) - DEFAULT_WINDOW_NANO;
  if (until !== undefined && since >= until) {
    throw new WaybillError('invalid_argument', '`since` is not before `until`', { remedy: 'give a window of time' });
  }
  const attributes = attribute.map(toAttribute);
  return { service, operation, kind, minDuration, maxDuration, failed: error, attributes, since, until };
}

function toAttribute(text: string): TraceFilter['attributes'][number] {
  const at = text.indexOf('=');
  if (at > 0) return { key: text.slice(0, at).trim(), value: text.slice(at + 1) };
  throw new WaybillError('invalid_argument', '`attribute` has no key and value', {
    remedy: 'write key=value, such as http.response.status_code=500',
  });
}

/** `GET /api/traces/{traceId}` and `GET /api/search`. */
export function traceRoutes({ queries }: ApiParts): FastifyPluginCallbackZod {
  return (app, _options, done) => {
    app.get(
      '/api/traces/:traceId',
      {
        schema: {
          summary: 'One trace with its spans and the orders it served',
          params: z.object({ traceId: anyCaseTraceId }),
          response: { 200: trace, 400: errorBody, 404: errorBody, 503: errorBody },
        },
      },
      async ({ params }) => {
        const found = await queries.trace(params.traceId);
        if (found === undefined) {
          throw new WaybillError('not_found', 'no span of this trace is known', {
            remedy: 'check the id; a trace appears about a second after its first span was received',
          });
        }
        return found;
      },
    );
    app.get(
      '/api/search',
      {
        schema: {
          summary: 'What a text could mean: an order id, an alias, a trace id',
          querystring: searchQuery,
          response: { 200: searchResults, 400: errorBody, 503: errorBody },
        },
      },
      async ({ query }) => ({ results: await queries.search(query.text) }),
    );
    done();
  };
}
