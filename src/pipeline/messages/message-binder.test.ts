import { describe, expect, it } from 'vitest';
import type { MessageEvent } from '../../model/message.ts';
import { Binder } from '../bind/binder.ts';
import { bindConfig } from '../bind/config.ts';
import { Redactor } from '../redact/redactor.ts';
import { messageEvent, messagesInFlight } from '../testing/messages.ts';
import { messageConfig } from './config.ts';
import { MessageBinder } from './message-binder.ts';
import { MessageRules } from './message-rules.ts';

const json = (value: unknown): Pick<MessageEvent, 'body' | 'bodyBytes'> => {
  const body = Buffer.from(JSON.stringify(value));
  return { body, bodyBytes: body.length };
};

/** Sends sightings through redaction and binding, as the pipeline does. */
function pass(events: readonly MessageEvent[], settings: object = {}) {
  const config = messageConfig.parse(settings);
  const batch = messagesInFlight(events);
  new Redactor({ keys: [] }).redact(batch);
  new MessageBinder(config, new MessageRules(config), 'order.id').bind(batch);
  new Binder(bindConfig.parse({ aliases: ['crm.number'] })).bind(batch);
  return batch;
}

describe('MessageBinder', () => {
  it('finds the order in a header, a property, a body or a routing key; the first rule that finds one wins', () => {
    const orders = [
      { from: { header: 'order-id' } },
      { from: { body: 'orders.0.id' } },
      { from: { routingKey: 'order.{value}.#' } },
      { from: { property: 'correlation_id' } },
    ];
    const named = (change: Partial<MessageEvent>): unknown => pass([messageEvent(change)], { orders }).events[0]?.order;
    const header = { headers: [{ key: 'order-id', value: 'H-1' }] };
    expect(named({ ...header, ...json({ orders: [{ id: 'B-1' }] }) })).toEqual({ kind: 'order', orderId: 'H-1' });
    expect(named({ ...json({ orders: [{ id: 17 }] }) })).toEqual({ kind: 'order', orderId: '17' });
    expect(named({ routingKeys: ['order.R-1.paid.now'] })).toEqual({ kind: 'order', orderId: 'R-1' });
    const properties = { ...messageEvent().properties, correlationId: 'C-1' };
    expect(named({ routingKeys: ['other'], properties })).toEqual({ kind: 'order', orderId: 'C-1' });
    expect(named({ routingKeys: ['other'] })).toEqual({ kind: 'trace' });
    expect(named({ routingKeys: ['other'], body: Buffer.from('{broken'), bodyBytes: 7 })).toEqual({ kind: 'trace' });
  });

  it('reports a status once, by the publication, in the words of the lifecycle', () => {
    const settings = {
      orders: [{ from: { header: 'order-id' } }],
      transitions: [
        {
          pattern: 'order.status.*',
          status: { routingKey: 'order.status.{value}' },
          map: { paid: 'SUBMITTED' },
          at: { body: 'at' },
        },
      ],
    };
    const shared = { headers: [{ key: 'order-id', value: 'A' }], ...json({ at: '2026-01-01T00:00:00Z' }) };
    const { facts } = pass([messageEvent(shared), messageEvent({ ...shared, kind: 'deliver' })], settings);
    expect(facts).toEqual([
      expect.objectContaining({
        order: { kind: 'order', orderId: 'A' },
        status: 'SUBMITTED',
        occurredAt: 1_767_225_600_000_000_000n,
        source: 'shop',
        evidenceKind: 'message',
        evidenceId: `message:${'ab'.repeat(16)}:0`,
      }),
    ]);
  });

  it('makes one trace of both ends of a message that carries none, and binds it to the order', () => {
    const shared = { headers: [{ key: 'order-id', value: 'A' }] };
    const batch = pass([messageEvent(shared), messageEvent({ ...shared, kind: 'deliver', service: 'crm' })]);
    expect(batch.spans?.length).toBe(2);
    const hex = (bytes: Uint8Array | undefined, at: number, length: number): string =>
      Buffer.from(bytes ?? []).toString('hex', at, at + length);
    expect(hex(batch.spans?.traceIds.bytes, 0, 16)).toBe(hex(batch.spans?.traceIds.bytes, 16, 16));
    expect(hex(batch.spans?.parentSpanIds.bytes, 8, 8)).toBe(hex(batch.spans?.spanIds.bytes, 0, 8));
    expect(batch.binding?.orderIds).toEqual(['A', 'A']);
    expect(batch.binding?.orderTraces).toHaveLength(1);
    const again = pass([messageEvent(shared)]);
    expect(hex(again.spans?.spanIds.bytes, 0, 8)).toBe(hex(batch.spans?.spanIds.bytes, 0, 8));
  });

  it('makes spans of messages that carry a context or name an order, unless told otherwise', () => {
    const context = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
    const count = (events: MessageEvent[], spans?: string): number => pass(events, { spans }).spans?.length ?? 0;
    expect(count([messageEvent({ routingKeys: ['x'] }), messageEvent({ context })])).toBe(1);
    expect(count([messageEvent({ routingKeys: ['x'] }), messageEvent({ context })], 'all')).toBe(2);
    expect(count([messageEvent({ context })], 'none')).toBe(0);
  });

  it('lets nothing sensitive through: headers, bodies, nested and composite values', () => {
    const batch = pass(
      [
        messageEvent({
          headers: [
            { key: 'order-id', value: 'A' },
            { key: 'authorization', value: 'Bearer canary-1' },
            { key: 'x-client', value: '{"name":"n","phone":"canary-2"}' },
            { key: 'http.url', value: 'https://u:canary-3@h/?token=canary-4' },
          ],
          ...json({ customer: { email: 'canary-5' }, cards: [{ pan: 'canary-6' }], amount: 1 }),
        }),
      ],
      { storeBodies: true },
    );
    const { table } = batch.spans ?? {};
    const stored: string[] = [];
    for (let id = 0; id < (table?.size ?? 0); id += 1) stored.push(`${table?.key(id)}=${table?.value(id)}`);
    expect(stored.join('\n')).not.toContain('canary');
    expect(stored).toContainEqual(expect.stringMatching(/^waybill\.message\.body=.*"amount":1/));
    expect(batch.events[0]?.event.body).toBeNull();
  });

  it('stores no body unless told to, and cuts one that is long', () => {
    const event = messageEvent({ headers: [{ key: 'order-id', value: 'A' }], ...json({ text: 'x'.repeat(500) }) });
    const bodyOf = (settings: object): string | undefined => {
      const { table } = pass([event], settings).spans ?? {};
      for (let id = 0; id < (table?.size ?? 0); id += 1)
        if (table?.key(id) === 'waybill.message.body') return table.value(id);
      return undefined;
    };
    expect(bodyOf({})).toBeUndefined();
    expect(bodyOf({ storeBodies: true, maxStoredBodyBytes: 100 })).toHaveLength(100);
  });

  it('binds an alias, and an alias beside the id to the order', () => {
    const orders = [{ from: { header: 'order-id' } }, { from: { header: 'crm' }, alias: 'crm.number' }];
    const alias = { name: 'crm.number', value: '77' };
    const only = pass([messageEvent({ headers: [{ key: 'crm', value: '77' }] })], { orders });
    expect(only.events[0]?.order).toEqual({ kind: 'alias', alias });
    expect(only.binding?.aliases).toEqual([alias]);
    const both = pass(
      [
        messageEvent({
          headers: [
            { key: 'crm', value: '77' },
            { key: 'order-id', value: 'A' },
          ],
        }),
      ],
      { orders },
    );
    expect(both.binding?.aliasBindings).toEqual([expect.objectContaining({ orderId: 'A', alias })]);
  });
});

describe('MessageRules', () => {
  it('asks for bodies only where a rule looks into them and they are not too large', () => {
    const rules = new MessageRules(
      messageConfig.parse({ orders: [{ pattern: 'order.#', from: { body: 'id' } }], maxParsedBodyBytes: 100 }),
    );
    expect(rules.needsBody('x', 'order.paid', 10)).toBe(true);
    expect(rules.needsBody('x', 'order.paid', 101)).toBe(false);
    expect(rules.needsBody('x', 'invoice.paid', 10)).toBe(false);
    expect(rules.needsBody('x', 'order.paid', 0)).toBe(false);
  });

  it('refuses rules that cannot work', () => {
    for (const wrong of [
      { orders: [{ from: {} }] },
      { orders: [{ from: { header: 'a', body: 'b' } }] },
      { orders: [{ from: { body: 'customer.phone' } }] },
      { orders: [{ from: { routingKey: 'order.*' } }] },
      { transitions: [{ pattern: '#' }] },
      { transitions: [{ is: 'A', status: { header: 'b' } }] },
    ]) {
      expect(messageConfig.safeParse(wrong).success, JSON.stringify(wrong)).toBe(false);
    }
  });
});
