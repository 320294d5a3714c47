import { describe, expect, it } from 'vitest';
import { type MessageIdentity, messageKeyOf } from './message-key.ts';

const body = Buffer.from('{"order":{"id":"A-1"}}');
const bare: MessageIdentity = {
  context: null,
  properties: { messageId: null, correlationId: null },
  exchange: 'orders',
  routingKey: 'order.paid',
  body,
};
const context = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
const keyOf = (change: Partial<MessageIdentity>): string => messageKeyOf({ ...bare, ...change }, 'salt').key;

describe('messageKeyOf', () => {
  it('prefers the creating span, then the message id, then the correlation, then the body', () => {
    const all = { messageId: 'm', correlationId: 'c' };
    expect(messageKeyOf({ ...bare, context, properties: all }, 's').kind).toBe('trace');
    expect(messageKeyOf({ ...bare, properties: all }, 's').kind).toBe('message_id');
    expect(messageKeyOf({ ...bare, properties: { ...all, messageId: '' } }, 's').kind).toBe('correlation_id');
    expect(messageKeyOf(bare, 's').kind).toBe('body');
  });

  it('tells apart messages of one span by their bodies and ids', () => {
    const other = Buffer.from('other');
    expect(keyOf({ context })).not.toBe(keyOf({ context, body: other }));
    expect(keyOf({ context })).not.toBe(keyOf({ context, properties: { messageId: 'm', correlationId: null } }));
  });

  it('follows a message that has an id through exchanges, as dead letters go', () => {
    const properties = { messageId: 'm', correlationId: null };
    expect(keyOf({ properties })).toBe(keyOf({ properties, exchange: 'dlx', routingKey: 'dead' }));
    expect(keyOf({})).not.toBe(keyOf({ exchange: 'dlx' }));
  });

  it('hashes long bodies at both ends, with their length', () => {
    const long = Buffer.alloc(200_000, 'x');
    const changed = (at: number): Buffer => {
      const copy = Buffer.from(long);
      copy[at] = 0;
      return copy;
    };
    expect(keyOf({ body: long })).not.toBe(keyOf({ body: changed(0) }));
    expect(keyOf({ body: long })).not.toBe(keyOf({ body: changed(199_999) }));
    expect(keyOf({ body: long })).not.toBe(keyOf({ body: long.subarray(1) }));
  });

  it('means nothing without the salt', () => {
    expect(messageKeyOf(bare, 'a').key).not.toBe(messageKeyOf(bare, 'b').key);
    expect(messageKeyOf(bare, 'a').key).toMatch(/^[0-9a-f]{32}$/);
  });
});
