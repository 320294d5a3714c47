import { type Attributes, context, propagation, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Status } from './faults.ts';

const tracer = trace.getTracer('jewelry');

/**
 * Says on the active span that the order entered a status; call it right after the status was committed.
 * The span of a message ends early when the broker's connection is lost; then a span of its own carries the news.
 */
export function statusChanged(orderId: string, status: Status): void {
  const news = { 'order.id': orderId, 'order.status': status };
  const active = trace.getActiveSpan();
  if (active?.isRecording() === true) {
    active.addEvent('order.status_changed', news);
    return;
  }
  const span = tracer.startSpan('change status', { attributes: { 'order.id': orderId } });
  span.addEvent('order.status_changed', news);
  span.end();
}

/** Puts attributes on the active span. */
export function describe(attributes: Attributes): void {
  trace.getActiveSpan()?.setAttributes(attributes);
}

/** Says on the active span that its work failed. */
export function failed(error: Error): void {
  const span = trace.getActiveSpan();
  span?.recordException(error);
  span?.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
}

/** Runs work for an order: the active span names it, and baggage carries its id to every service called from there. */
export function forOrder<T>(orderId: string, work: () => T): T {
  describe({ 'order.id': orderId });
  const baggage = propagation.getActiveBaggage() ?? propagation.createBaggage();
  const withOrder = baggage.setEntry('order.id', { value: orderId });
  return context.with(propagation.setBaggage(context.active(), withOrder), work);
}

/** Runs work in a span of its own; an error that leaves the work is recorded on the span and thrown on. */
export function inSpan<T>(name: string, attributes: Attributes, work: () => Promise<T>): Promise<T> {
  return tracer.startActiveSpan(name, { attributes }, async (span) => {
    try {
      return await work();
    } catch (error) {
      failed(error instanceof Error ? error : new Error(String(error)));
      throw error;
    } finally {
      span.end();
    }
  });
}
