import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { attributes } from '../contract/attributes.ts';
import { errorBody } from '../contract/errors.ts';
import { lifecycle, statuses, statusesQuery } from '../contract/statuses.ts';
import type { ApiParts } from '../parts.ts';
import { toTime } from '../time-parameter.ts';

/** `GET /api/statuses`, `GET /api/lifecycle` and `GET /api/attributes`. */
export function statusRoutes({ queries }: ApiParts): FastifyPluginCallbackZod {
  return (app, _options, done) => {
    app.get(
      '/api/statuses',
      {
        schema: {
          summary: 'Dwell per status, orders now in it, and traffic between statuses',
          querystring: statusesQuery,
          response: { 200: statuses, 400: errorBody, 503: errorBody },
        },
      },
      ({ query }) => {
        return queries.statuses({
          since: toTime('since', query.since),
          at: toTime('at', query.at),
          time: query.time,
          attribute: query.attribute === undefined ? undefined : { name: query.attribute, value: query.value ?? '' },
        });
      },
    );
    app.get('/api/lifecycle', { schema: { summary: 'The lifecycle in force', response: { 200: lifecycle } } }, () =>
      queries.lifecycle(),
    );
    app.get(
      '/api/attributes',
      { schema: { summary: 'What describes orders', response: { 200: attributes, 503: errorBody } } },
      async () => ({ attributes: await queries.attributes() }),
    );
    done();
  };
}
