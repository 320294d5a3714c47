import { resolve } from 'node:path';
import fastifyHelmet from '@fastify/helmet';
import fastifyStatic from '@fastify/static';
import fastifySwagger from '@fastify/swagger';
import fastify, { type FastifyInstance } from 'fastify';
import { jsonSchemaTransform, serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { toErrorAnswer, toErrorBody } from './error-answers.ts';
import { isAllowedHost } from './host-check.ts';
import type { ApiParts } from './parts.ts';
import { conformanceRoutes } from './routes/conformance.ts';
import { deadLetterRoutes, replayRoutes } from './routes/dead-letters.ts';
import { failureRoutes } from './routes/failures.ts';
import { importRoutes } from './routes/imports.ts';
import { logRoutes } from './routes/logs.ts';
import { metricRoutes } from './routes/metrics.ts';
import { orderRoutes } from './routes/orders.ts';
import { queueRoutes } from './routes/queues.ts';
import { statusRoutes } from './routes/statuses.ts';
import { systemRoutes } from './routes/system.ts';
import { traceRoutes, traceSearchRoutes } from './routes/traces.ts';
import { transitionRoutes } from './routes/transitions.ts';

/** Largest request body of the API in bytes; 1,000 transitions fit easily. */
const MAX_BODY_BYTES = 1024 * 1024;
const REQUEST_TIMEOUT_MS = 30_000;

/** Builds the server of the API and the web application; it listens when the caller says so. */
export async function createApiServer(parts: ApiParts): Promise<FastifyInstance> {
  const app = fastify({
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    routerOptions: { maxParamLength: 1024 },
    forceCloseConnections: true,
    logger: false,
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler((error, request, reply) => {
    const answer = toErrorAnswer(error);
    if (answer.status >= 500) parts.onError(error, request.id);
    if (answer.body.error.retryable) reply.header('retry-after', '2');
    return reply.code(answer.status).send(answer.body);
  });
  app.addHook('onRequest', async (request, reply) => {
    if (isAllowedHost(request.headers.host, parts.allowedHosts)) return;
    const remedy = 'open it by IP address or localhost, or add the name to http.allowedHosts';
    await reply.code(403).send(toErrorBody('forbidden', 'this server is not known by that name', remedy));
  });
  await app.register(fastifyHelmet, {
    contentSecurityPolicy: {
      directives: {
        defaultSrc: ["'self'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        fontSrc: ["'self'", 'data:'],
        connectSrc: ["'self'"],
        frameAncestors: ["'none'"],
        // Waybill itself speaks plain HTTP on loopback; whoever puts TLS in front upgrades there.
        upgradeInsecureRequests: null,
      },
    },
    strictTransportSecurity: false,
  });
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Waybill', version: parts.version, description: 'Orders, their statuses, visits and traces.' },
    },
    transform: jsonSchemaTransform,
  });
  for (const routes of [
    orderRoutes,
    statusRoutes,
    failureRoutes,
    conformanceRoutes,
    importRoutes,
    queueRoutes,
    deadLetterRoutes,
    replayRoutes,
    traceSearchRoutes,
    traceRoutes,
    logRoutes,
    metricRoutes,
    transitionRoutes,
    systemRoutes,
  ]) {
    await app.register(routes(parts));
  }
  app.get('/api/openapi.json', { schema: { hide: true } }, () => app.swagger());
  await serveWeb(app, parts.webRoot);
  return app;
}

/** Serves the web application; every path that is neither a file nor the API is a view of it. */
async function serveWeb(app: FastifyInstance, webRoot: string | undefined): Promise<void> {
  if (webRoot !== undefined) {
    await app.register(fastifyStatic, {
      root: resolve(webRoot),
      wildcard: true,
      index: ['index.html'],
      setHeaders: (response, path) => {
        // File names under assets/ carry a hash of their content.
        response.header(
          'cache-control',
          path.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
        );
      },
    });
  }
  app.setNotFoundHandler((request, reply) => {
    const isView = request.method === 'GET' && !request.url.startsWith('/api/') && !request.url.startsWith('/assets/');
    if (isView && webRoot !== undefined) return reply.header('cache-control', 'no-cache').sendFile('index.html');
    const remedy =
      webRoot === undefined && isView ? 'build the web application: npm run build:web' : 'see /api/openapi.json';
    return reply.code(404).send(toErrorBody('not_found', 'there is nothing at this address', remedy));
  });
}
