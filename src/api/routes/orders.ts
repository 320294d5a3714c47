import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { WaybillError } from '../../model/errors.ts';
import { orderBreakdown } from '../contract/breakdown.ts';
import { errorBody } from '../contract/errors.ts';
import { order, orderList, orderListQuery } from '../contract/orders.ts';
import { orderId } from '../contract/primitives.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import type { ApiParts } from '../parts.ts';

/** `GET /api/orders`, `GET /api/orders/{orderId}` and what its visits consist of. */
export function orderRoutes({ queries }: ApiParts): FastifyPluginCallbackZod {
  return (app, _options, done) => {
    app.get(
      '/api/orders',
      {
        schema: {
          summary: 'Orders, newest opened first',
          querystring: orderListQuery,
          response: { 200: orderList, 400: errorBody, 503: errorBody },
        },
      },
      async ({ query }) => {
        const rows = await queries.orders({
          status: query.status,
          text: query.text,
          deviating: toBoolean(query.deviating),
          open: toBoolean(query.open),
          // One more than asked for tells whether there is a next page.
          limit: query.limit + 1,
          after: query.cursor === undefined ? undefined : decodeCursor(query.cursor),
        });
        const page = rows.slice(0, query.limit);
        const last = page.at(-1);
        return {
          orders: page.map(({ place: _place, ...row }) => row),
          nextCursor: rows.length > query.limit && last !== undefined ? encodeCursor(last.place) : null,
        };
      },
    );

    app.get(
      '/api/orders/:orderId',
      {
        schema: {
          summary: 'One order: status, visits with evidence, deviations, traces',
          params: z.object({ orderId }),
          response: { 200: order, 404: errorBody, 503: errorBody },
        },
      },
      async ({ params }) => {
        const found = await queries.order(params.orderId);
        if (found === undefined) throw unknownOrder();
        return found;
      },
    );

    app.get(
      '/api/orders/:orderId/breakdown',
      {
        schema: {
          summary: 'What each visit of an order consists of: work by service, queues, external calls, idle time',
          params: z.object({ orderId }),
          response: { 200: orderBreakdown, 404: errorBody, 503: errorBody },
        },
      },
      async ({ params }) => {
        const found = await queries.orderBreakdown(params.orderId);
        if (found === undefined) throw unknownOrder();
        return found;
      },
    );
    done();
  };
}

function unknownOrder(): WaybillError {
  return new WaybillError('not_found', 'no order with this id is known', {
    remedy: 'check the id, or search for it: GET /api/search?text=',
  });
}

function toBoolean(text: 'true' | 'false' | undefined): boolean | undefined {
  return text === undefined ? undefined : text === 'true';
}
