import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { WaybillError } from '../../model/errors.ts';
import { parseRfc3339 } from '../../model/units.ts';
import { errorBody } from '../contract/errors.ts';
import { lifecycle, statuses, statusesQuery } from '../contract/statuses.ts';
import type { ApiParts } from '../parts.ts';

/** `GET /api/statuses` and `GET /api/lifecycle`. */
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
        if (query.since === undefined) return queries.statuses();
        const since = parseRfc3339(query.since);
        if (since === undefined) {
          throw new WaybillError('invalid_argument', '`since` is not a time', {
            remedy: 'write RFC 3339, such as 2026-11-22T00:00:00Z',
          });
        }
        return queries.statuses(since);
      },
    );
    app.get('/api/lifecycle', { schema: { summary: 'The lifecycle in force', response: { 200: lifecycle } } }, () =>
      queries.lifecycle(),
    );
    done();
  };
}
