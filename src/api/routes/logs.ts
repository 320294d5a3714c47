import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { leastSeverity } from '../../query/logs.ts';
import { errorBody } from '../contract/errors.ts';
import { logs, logsQuery } from '../contract/logs.ts';
import { decodeLogCursor, encodeLogCursor } from '../cursor.ts';
import type { ApiParts } from '../parts.ts';
import { toTime } from '../time-parameter.ts';

/** `GET /api/logs`. */
export function logRoutes({ queries }: ApiParts): FastifyPluginCallbackZod {
  return (app, _options, done) => {
    app.get(
      '/api/logs',
      {
        schema: {
          summary: 'Log records, newest first: of a trace, a span, an order, a service',
          querystring: logsQuery,
          response: { 200: logs, 400: errorBody, 503: errorBody },
        },
      },
      async ({ query }) => {
        const { severity, since, until, limit, cursor, ...same } = query;
        const rows = await queries.logs({
          ...same,
          severity: severity === undefined ? undefined : leastSeverity(severity),
          since: toTime('since', since),
          until: toTime('until', until),
          // One more than asked for tells whether there is a next page.
          limit: limit + 1,
          after: cursor === undefined ? undefined : decodeLogCursor(cursor),
        });
        const page = rows.slice(0, limit);
        const last = page.at(-1);
        return {
          logs: page.map(({ place, ...row }) => ({ ...row, recordId: place.recordId })),
          nextCursor: rows.length > limit && last !== undefined ? encodeLogCursor(last.place) : null,
        };
      },
    );
    done();
  };
}
