import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { WaybillError } from '../../model/errors.ts';
import type { OrderReference } from '../../model/order.ts';
import { MAX_UNIX_NANO, MIN_UNIX_NANO, type UnixNano } from '../../model/units.ts';
import { errorBody } from '../contract/errors.ts';
import { exportPage, exportQuery, type ImportReference, importAccepted, importBatch } from '../contract/imports.ts';
import type { ApiParts } from '../parts.ts';

/** Largest body of an import in bytes: 10,000 events with their attributes. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;

/** `POST /api/imports` and `GET /api/export`. */
export function importRoutes({ next, now, queries }: ApiParts): FastifyPluginCallbackZod {
  return (app, _options, done) => {
    app.post(
      '/api/imports',
      {
        bodyLimit: MAX_BODY_BYTES,
        schema: {
          summary: 'Bring in events of a log; answered when they are durable',
          body: importBatch,
          response: { 202: importAccepted, 400: errorBody, 413: errorBody, 503: errorBody },
        },
      },
      async ({ body }, reply) => {
        const observedAt = now();
        await next.consume({
          kind: 'facts',
          facts: body.events.map(({ order, occurredAt, id, ...event }) => ({
            ...event,
            order: toReference(order),
            occurredAt: toTime(occurredAt),
            observedAt,
            evidenceKind: 'import',
            evidenceId: id,
          })),
          attributes: body.attributes.map(({ order, occurredAt, ...attribute }) => ({
            ...attribute,
            order: toReference(order),
            occurredAt: toTime(occurredAt),
            traceId: null,
          })),
        });
        return reply.code(202).send({ accepted: body.events.length });
      },
    );
    app.get(
      '/api/export',
      {
        schema: {
          summary: 'Whole orders, page by page, by id',
          querystring: exportQuery,
          response: { 200: exportPage, 400: errorBody, 503: errorBody },
        },
      },
      ({ query }) => queries.exportOrders({ after: query.after, limit: query.limit }),
    );
    done();
  };
}

function toReference(reference: ImportReference): OrderReference {
  return 'orderId' in reference
    ? { kind: 'order', orderId: reference.orderId }
    : { kind: 'alias', alias: reference.alias };
}

function toTime(text: string): UnixNano {
  const at = BigInt(text);
  if (at >= MIN_UNIX_NANO && at <= MAX_UNIX_NANO) return at;
  throw new WaybillError('invalid_argument', '`occurredAt` is not a time that can be stored', {
    remedy: 'write nanoseconds since 1970 between the years 1900 and 2261',
  });
}
