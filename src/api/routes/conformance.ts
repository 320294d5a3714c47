import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import {
  conformance,
  conformanceQuery,
  explainQuery,
  explanation,
  variants,
  variantsQuery,
} from '../contract/conformance.ts';
import { errorBody } from '../contract/errors.ts';
import type { ApiParts } from '../parts.ts';

/** `GET /api/variants`, `GET /api/conformance` and `GET /api/explain`. */
export function conformanceRoutes({ queries }: ApiParts): FastifyPluginCallbackZod {
  return (app, _options, done) => {
    app.get(
      '/api/variants',
      {
        schema: {
          summary: 'The ways that orders went through the statuses, the most frequent first',
          querystring: variantsQuery,
          response: { 200: variants, 400: errorBody, 503: errorBody },
        },
      },
      async ({ query }) => {
        const found = await queries.variants();
        let covered = 0;
        return {
          orders: found.orders,
          total: found.total,
          variants: found.variants.slice(0, query.limit).map(({ example, ...variant }) => {
            covered += variant.orders;
            return {
              ...variant,
              statuses: [...variant.statuses],
              share: variant.orders / found.orders,
              coverage: covered / found.orders,
              exampleOrderId: example,
            };
          }),
        };
      },
    );
    app.get(
      '/api/conformance',
      {
        schema: {
          summary: 'How well orders follow the lifecycle: exact replay, optimal alignment, deviations',
          querystring: conformanceQuery,
          response: { 200: conformance, 400: errorBody, 503: errorBody },
        },
      },
      async ({ query }) => {
        const found = await queries.conformance(query.ending);
        const { fits, fits_so_far: fitsSoFar, deviates } = found.replay;
        return {
          orders: found.orders,
          leftOut: found.leftOut,
          replay: { fits, fitsSoFar, deviates },
          alignment: found.alignment,
          deviations: found.deviations.map(({ example, ...deviation }) => ({ ...deviation, exampleOrderId: example })),
        };
      },
    );
    app.get(
      '/api/explain',
      {
        schema: {
          summary: 'What the slowest visits to a status have in common',
          querystring: explainQuery,
          response: { 200: explanation, 400: errorBody, 503: errorBody },
        },
      },
      async ({ query }) => {
        const { threshold, findings, ...found } = await queries.explain(query.status, query.slowest);
        return { ...found, status: query.status, thresholdMs: threshold, findings: [...findings] };
      },
    );
    done();
  };
}
