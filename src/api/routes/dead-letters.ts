import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import type { z } from 'zod';
import { nanoToMs, parseRfc3339, type UnixNano } from '../../model/units.ts';
import {
  audit,
  auditQuery,
  deadLetters,
  deadLettersQuery,
  replayAnswer,
  replayPath,
  replayRequest,
} from '../contract/dead-letters.ts';
import { errorBody } from '../contract/errors.ts';
import { decodeLetterCursor, encodeLetterCursor } from '../cursor.ts';
import type { ApiParts } from '../parts.ts';
import { toTime } from '../time-parameter.ts';

type Found = Awaited<ReturnType<ApiParts['queries']['deadLetters']>>;

/** `GET /api/dead-letters`. */
export function deadLetterRoutes({ queries, now, replays }: ApiParts): FastifyPluginCallbackZod {
  return (app, _options, done) => {
    app.get(
      '/api/dead-letters',
      {
        schema: {
          summary: 'Messages that died in a queue, where they are now, and what became of them',
          querystring: deadLettersQuery,
          response: { 200: deadLetters, 400: errorBody, 503: errorBody },
        },
      },
      async ({ query }) => {
        const { since, at: atText, resolved, limit, cursor, ...same } = query;
        const at = toTime('at', atText) ?? now();
        const found = await queries.deadLetters(
          {
            ...same,
            at,
            since: toTime('since', since),
            resolved: resolved === undefined ? undefined : resolved === 'true',
          },
          // One more than asked for tells whether there is a next page.
          { limit: limit + 1, after: cursor === undefined ? undefined : decodeLetterCursor(cursor) },
        );
        const page = found.letters.slice(0, limit);
        const last = page.at(-1);
        return {
          deadLetters: page.map(({ place: _place, inQueue: _inQueue, ...letter }) => letter),
          total: totalOf(found.byReason, query.reason),
          byReason: [...found.byReason].map(([reason, count]) => ({ reason, count })),
          queues: found.queues.map((queue) => toQueue(queue, at)),
          lost: found.lost.map(({ broker, vhost, queue }) => ({ broker, vhost, queue })),
          replay: { enabled: replays.places.length > 0, places: [...replays.places] },
          nextCursor: found.letters.length > limit && last !== undefined ? encodeLetterCursor(last.place) : null,
        };
      },
    );
    done();
  };
}

/** `POST /api/dead-letters/{id}/replay` and `GET /api/audit`. */
export function replayRoutes({ queries, replays }: ApiParts): FastifyPluginCallbackZod {
  return (app, _options, done) => {
    app.post(
      '/api/dead-letters/:id/replay',
      {
        schema: {
          summary: 'Put a dead letter back into the queue where it died; needs the token of replays',
          params: replayPath,
          body: replayRequest,
          response: {
            200: replayAnswer,
            400: errorBody,
            403: errorBody,
            404: errorBody,
            409: errorBody,
            500: errorBody,
            503: errorBody,
          },
        },
      },
      async ({ params, body, headers }) => {
        const token = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1];
        const replayed = await replays.replay({ id: params.id, token, by: body.by });
        return { outcome: 'replayed' as const, ...replayed };
      },
    );
    app.get(
      '/api/audit',
      {
        schema: {
          summary: 'What people did through Waybill, the newest first',
          querystring: auditQuery,
          response: { 200: audit, 400: errorBody, 503: errorBody },
        },
      },
      async ({ query }) => ({ entries: await queries.audit(query.limit) }),
    );
    done();
  };
}

function totalOf(byReason: Found['byReason'], reason: z.infer<typeof deadLettersQuery>['reason']): number {
  if (reason !== undefined) return byReason.get(reason) ?? 0;
  return [...byReason.values()].reduce((sum, count) => sum + count, 0);
}

function toQueue({ broker, vhost, queue, state, unresolved }: Found['queues'][number], at: UnixNano) {
  const sampledAt = state === null ? undefined : parseRfc3339(state.sampledAt);
  return {
    broker,
    vhost,
    queue,
    depth: state?.ready ?? null,
    unacked: state?.unacked ?? null,
    consumers: state?.consumers ?? null,
    unresolved,
    sources: [...(state?.details?.deadLetterOf ?? [])],
    watch: state?.details?.watch ?? null,
    watchLimit: state?.details?.watchLimit ?? null,
    ageMs: sampledAt === undefined ? null : nanoToMs(at - sampledAt),
  };
}
