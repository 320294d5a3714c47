// Preloaded with `node --import ./telemetry.ts`: the libraries must be patched before a service imports them.
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { propagation } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { AmqplibInstrumentation } from '@opentelemetry/instrumentation-amqplib';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg';
import { NodeSDK, type NodeSDKConfiguration } from '@opentelemetry/sdk-node';
import { config } from './config.ts';

type Sampler = NodeSDKConfiguration['sampler'];

/** Records every span and puts the baggage entry `order.id`, and no other, on it. */
const everySpanWithItsOrder: Sampler = {
  shouldSample: (context) => {
    const order = propagation.getBaggage(context)?.getEntry('order.id');
    const recordAndSample = 2; // SamplingDecision.RECORD_AND_SAMPLED
    return { decision: recordAndSample, ...(order && { attributes: { 'order.id': order.value } }) };
  },
  toString: () => 'EverySpanWithItsOrder',
};

/** Health checks and lists that refresh themselves say nothing about an order. */
const selfRefreshing = new Set(['/health', '/orders', '/jobs']);

const sdk = new NodeSDK({
  serviceName: config.serviceName,
  sampler: everySpanWithItsOrder,
  // The SDK puts a batch processor in front of the exporter, and keeps the exporter's own requests out of the traces.
  traceExporter: new OTLPTraceExporter({ url: `${config.otlpEndpoint}/v1/traces` }),
  metricReaders: [],
  logRecordProcessors: [],
  instrumentations: [
    new HttpInstrumentation({
      requireParentforOutgoingSpans: true,
      ignoreIncomingRequestHook: ({ method, url }) =>
        method === 'GET' && selfRefreshing.has((url ?? '').split('?')[0] ?? ''),
    }),
    new PgInstrumentation({ requireParentSpan: true, ignoreConnectSpans: true }),
    // A price calculation holds its message; the default of one minute would end its span with an error.
    new AmqplibInstrumentation({ consumeTimeoutMs: 30 * 60_000 }),
  ],
});
sdk.start();

// The instrumentations patch what is loaded with `require`. Loading it here once patches the very objects that
// `import` finds later, so no loader hook is needed.
const require = createRequire(import.meta.url);
for (const name of ['node:http', 'pg', 'amqplib']) require(name);
syncBuiltinESMExports();

/** Sends what is still waiting and stops telemetry; gives up after `deadlineMs` when the collector does not answer. */
export async function stopTelemetry(deadlineMs: number): Promise<void> {
  const deadline = new Promise((resolve) => setTimeout(resolve, deadlineMs).unref());
  await Promise.race([sdk.shutdown().catch(() => undefined), deadline]);
}
