import { createHash } from 'node:crypto';
import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { WaybillError } from '../../model/errors.ts';
import type { StatusFact } from '../../model/order.ts';
import { formatRfc3339, parseRfc3339, type UnixNano } from '../../model/units.ts';
import { errorBody } from '../contract/errors.ts';
import { type TransitionReport, transitionReports, transitionsAccepted } from '../contract/transitions.ts';
import type { ApiParts } from '../parts.ts';

/** `POST /api/transitions`: systems that cannot send spans report statuses here. */
export function transitionRoutes({ next, now }: ApiParts): FastifyPluginCallbackZod {
  return (app, _options, done) => {
    app.post(
      '/api/transitions',
      {
        schema: {
          summary: 'Report that orders entered statuses; answered when the reports are durable',
          body: transitionReports,
          response: { 202: transitionsAccepted, 400: errorBody, 413: errorBody, 503: errorBody },
        },
      },
      async ({ body }, reply) => {
        const observedAt = now();
        const reports = 'transitions' in body ? body.transitions : [body];
        await next.consume({ kind: 'facts', facts: reports.map((report) => toFact(report, observedAt)) });
        return reply.code(202).send({ accepted: reports.length, observedAt: formatRfc3339(observedAt) });
      },
    );
    done();
  };
}

function toFact(report: TransitionReport, observedAt: UnixNano): StatusFact {
  const occurredAt = parseRfc3339(report.occurredAt);
  if (occurredAt === undefined) {
    throw new WaybillError('invalid_argument', '`occurredAt` is not a time that can be stored', {
      remedy: 'write RFC 3339 between the years 1900 and 2261',
    });
  }
  return {
    order: { kind: 'order', orderId: report.orderId },
    status: report.status,
    occurredAt,
    observedAt,
    source: report.source,
    evidenceKind: 'api',
    evidenceId: evidenceId(report, occurredAt),
    sequence: 0,
    traceId: null,
    spanId: null,
  };
}

/** The same report, sent twice, gets the same id: the sender's own within its source, else a hash of the content. */
function evidenceId(report: TransitionReport, occurredAt: UnixNano): string {
  const parts = report.id === undefined ? [report.orderId, report.status, String(occurredAt)] : ['id', report.id];
  const hash = createHash('sha256')
    .update(JSON.stringify([report.source, ...parts]))
    .digest('hex');
  return `api:${hash.slice(0, 32)}`;
}
