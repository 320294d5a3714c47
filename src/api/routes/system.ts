import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { health, system } from '../contract/system.ts';
import type { ApiParts } from '../parts.ts';

/** `GET /api/health/live`, `GET /api/health/ready` and `GET /api/system`. */
export function systemRoutes(parts: ApiParts): FastifyPluginCallbackZod {
  return (app, _options, done) => {
    app.get('/api/health/live', { schema: { summary: 'Whether the process runs', response: { 200: health } } }, () => ({
      status: 'ok' as const,
      checks: [],
    }));
    app.get(
      '/api/health/ready',
      { schema: { summary: 'Whether requests can be answered in full', response: { 200: health, 503: health } } },
      async (_request, reply) => {
        const answer = await parts.readiness();
        return reply.code(answer.status === 'ok' ? 200 : 503).send(answer);
      },
    );
    app.get(
      '/api/system',
      { schema: { summary: 'How Waybill itself is doing: intake, journal, store, drops', response: { 200: system } } },
      () => parts.system(),
    );
    done();
  };
}
