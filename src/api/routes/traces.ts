import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { WaybillError } from '../../model/errors.ts';
import { errorBody } from '../contract/errors.ts';
import { searchQuery, searchResults } from '../contract/system.ts';
import { trace } from '../contract/traces.ts';
import type { ApiParts } from '../parts.ts';

const anyCaseTraceId = z
  .string()
  .regex(/^[0-9a-fA-F]{32}$/, 'a trace id has 32 hexadecimal digits')
  .transform((text) => text.toLowerCase());

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
