import { describe, expect, it } from 'vitest';
import type { InFlight } from '../in-flight.ts';
import { inFlight, type SpanSketch } from '../testing/in-flight.ts';
import { Binder } from './binder.ts';
import { bindConfig } from './config.ts';

const binder = new Binder(
  bindConfig.parse({
    orderIdAttributes: ['order.id', 'legacy.order'],
    aliases: ['mes.job.id', 'crm.deal'],
    urlTemplates: ['/orders/{orderId}/**'],
  }),
);

function bind(spans: readonly SpanSketch[]): InFlight & { binding: NonNullable<InFlight['binding']> } {
  const batch = inFlight(spans);
  binder.bind(batch);
  const { binding } = batch;
  if (binding === undefined) throw new Error('not bound');
  return { ...batch, binding };
}

const changed = (attributes: Record<string, string>) => ({ name: 'order.status_changed', attributes });

describe('Binder', () => {
  it('takes the first configured attribute before a later one, and both before a URL', () => {
    const { binding } = bind([
      { id: 1, attributes: { 'url.path': '/orders/U/x', 'legacy.order': 'L', 'order.id': 'O' } },
      { id: 2, attributes: { 'url.path': '/orders/U/x', 'legacy.order': 'L' } },
      { id: 3, attributes: { 'url.path': '/orders/U/x' } },
      { id: 4 },
    ]);
    expect(binding.orderIds).toEqual(['O', 'L', 'U', '']);
  });

  it('reads integers as ids and refuses what cannot be one', () => {
    const { binding } = bind([
      { id: 1, attributes: { 'order.id': 42 } },
      { id: 2, attributes: { 'order.id': '' } },
      { id: 3, attributes: { 'order.id': true } },
      { id: 4, attributes: { 'order.id': 'x'.repeat(257) } },
      { id: 5, attributes: { 'order.id': 'a\u0000b' } },
    ]);
    expect(binding.orderIds).toEqual(['42', '', '', '', '']);
  });

  it('fills in the error status that only an attribute of the span tells', () => {
    const { spans, binding } = bind([
      { id: 1, trace: 1, attributes: { error: true } },
      { id: 2, trace: 2, attributes: { error: 'true' } },
      { id: 3, trace: 3, attributes: { 'otel.status_code': 'ERROR' } },
      { id: 4, trace: 4, attributes: { 'otel.status_code': 'OK', error: false } },
      { id: 5, trace: 5, attributes: { error: 'no' }, events: [{ name: 'x', attributes: { error: true } }] },
      { id: 6, trace: 6, failed: true },
    ]);
    expect([...(spans?.statusCodes.bytes ?? [])]).toEqual([2, 2, 2, 0, 0, 2]);
    expect([...binding.failedTraces].map((trace) => Number.parseInt(trace, 16))).toEqual([1, 2, 3, 6]);
  });

  it('lets an event name the order of its span, but not when its events name several', () => {
    const { binding } = bind([
      { id: 1, events: [{ name: 'x', attributes: { 'order.id': 'A' } }] },
      {
        id: 2,
        events: [
          { name: 'x', attributes: { 'order.id': 'A' } },
          { name: 'x', attributes: { 'order.id': 'B' } },
        ],
      },
    ]);
    expect(binding.orderIds).toEqual(['A', '']);
    expect(binding.orderTraces.map(({ orderId }) => orderId).sort()).toEqual(['A', 'B']);
  });

  it('binds an alias where both ids stand together, and names by the alias where it stands alone', () => {
    const { binding } = bind([
      { id: 1, attributes: { 'order.id': 'A', 'mes.job.id': 'J7', 'crm.deal': 'D1' } },
      { id: 2, trace: 2, attributes: { 'mes.job.id': 'J7' } },
    ]);
    expect(binding.aliasBindings.map(({ orderId, alias }) => [orderId, alias.name, alias.value])).toEqual([
      ['A', 'mes.job.id', 'J7'],
      ['A', 'crm.deal', 'D1'],
    ]);
    expect(binding.orderIds).toEqual(['A', '']);
    expect(binding.aliases[1]).toEqual({ name: 'mes.job.id', value: 'J7' });
    expect(binding.orderTraces.length).toBe(2);
  });

  it('finds status facts in events, with the order of the event before that of the span', () => {
    const { facts } = bind([
      {
        id: 1,
        attributes: { 'order.id': 'A' },
        events: [
          changed({ 'order.status': 'SUBMITTED' }),
          changed({ 'order.status': 'SHIPPED', 'order.id': 'B' }),
          { name: 'something else', attributes: { 'order.status': 'CLOSED' } },
          changed({}),
        ],
      },
    ]);
    expect(facts.map(({ order, status, evidenceKind, source }) => [order, status, evidenceKind, source])).toEqual([
      [{ kind: 'order', orderId: 'A' }, 'SUBMITTED', 'span_event', 'shop-api'],
      [{ kind: 'order', orderId: 'B' }, 'SHIPPED', 'span_event', 'shop-api'],
    ]);
    expect(new Set(facts.map(({ evidenceId }) => evidenceId)).size).toBe(2);
  });

  it('keeps the version of the service that reports a status', () => {
    const span: SpanSketch = { id: 1, attributes: { 'order.id': 'A', 'order.status': 'SUBMITTED' } };
    const versionOf = (resource: Record<string, string>): string | undefined => {
      const batch = inFlight([span], { resource });
      binder.bind(batch);
      return batch.facts[0]?.sourceVersion;
    };
    expect(versionOf({ 'service.version': '2.1.0' })).toBe('2.1.0');
    expect(versionOf({})).toBe('');
    expect(versionOf({ 'service.version': 'x'.repeat(257) })).toBe('');
  });

  it('finds a status on a span, and leaves its order to the trace where the span names none', () => {
    const { facts } = bind([
      { id: 1, attributes: { 'order.status': 'SUBMITTED' } },
      { id: 2, attributes: { 'order.status': 'SHIPPED', 'mes.job.id': 'J7' } },
    ]);
    expect(facts.map(({ order, evidenceKind }) => [order.kind, evidenceKind])).toEqual([
      ['trace', 'span_attribute'],
      ['alias', 'span_attribute'],
    ]);
  });

  it('gives the same evidence the same id when a span is sent again', () => {
    const once = bind([{ id: 7, attributes: { 'order.id': 'A', 'order.status': 'SUBMITTED' } }]);
    const again = bind([{ id: 7, attributes: { 'order.id': 'A', 'order.status': 'SUBMITTED' } }]);
    expect(again.facts.map(({ evidenceId }) => evidenceId)).toEqual(once.facts.map(({ evidenceId }) => evidenceId));
  });

  it('keeps what describes an order, but not what redaction left of it', () => {
    const { attributes } = bind([
      { id: 1, attributes: { 'order.id': 'A', 'order.channel': 'web' } },
      { id: 2, attributes: { 'order.id': 'A', 'order.product': '[redacted]' } },
      { id: 3, attributes: { 'order.channel': 'web' } },
    ]);
    expect(attributes.map(({ name, value }) => [name, value])).toEqual([['order.channel', 'web']]);
  });

  it('tells which traces have an error, whether or not the span names an order', () => {
    const { binding } = bind([
      { id: 1, trace: 5, failed: true },
      { id: 2, trace: 6 },
    ]);
    expect([...binding.failedTraces]).toEqual(['5'.padStart(32, '0')]);
  });
});
