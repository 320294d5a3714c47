import { describe, expect, it } from 'vitest';
import { isSensitiveKey, REDACTED, redactJson, redactUrl } from './sensitive-keys.ts';

const none: ReadonlySet<string> = new Set();

describe('isSensitiveKey', () => {
  it.each([
    'password',
    'user.password',
    'db.user_password',
    'http.request.header.authorization',
    'http.request.header.set-cookie',
    'customer.phone',
    'customerPhone',
    'customer_phone_number',
    'customer.name',
    'recipient.name',
    'user.email',
    'x-api-key',
    'apiKey',
    'payment.card.number',
    'delivery_address',
    'db.postgresql.values',
  ])('finds %s', (key) => {
    expect(isSensitiveKey(key, none)).toBe(true);
  });

  it.each([
    'order.id',
    'service.name',
    'server.address',
    'network.peer.address',
    'http.route',
    'url.path',
    'db.system.name',
    'messaging.destination.name',
    'cardinality',
    'tokenizer.kind',
    'thread.name',
    'db.query.text',
  ])('keeps %s', (key) => {
    expect(isSensitiveKey(key, none)).toBe(false);
  });

  it('finds keys that the configuration adds', () => {
    expect(isSensitiveKey('acme.loyalty', new Set(['acme.loyalty']))).toBe(true);
  });
});

describe('redactUrl', () => {
  it('replaces values of sensitive parameters and user information only', () => {
    expect(redactUrl('https://ann:secret@shop/orders/1?phone=%2B7999&page=2#token', none)).toBe(
      `https://${REDACTED}@shop/orders/1?phone=${REDACTED}&page=2#token`,
    );
  });

  it('reads a bare query', () => {
    expect(redactUrl('email=a%40b.c&x=1', none)).toBe(`email=${REDACTED}&x=1`);
  });

  it('leaves a URL without a query alone', () => {
    expect(redactUrl('/orders/JW-1/email=x', none)).toBe('/orders/JW-1/email=x');
  });
});

describe('redactJson', () => {
  it('replaces sensitive members at any depth', () => {
    expect(redactJson('{"a":[{"phone":"+7"}],"b":1}', none)).toBe(`{"a":[{"phone":"${REDACTED}"}],"b":1}`);
  });

  it('says nothing has to change where nothing has', () => {
    expect(redactJson('{"a":[1,2]}', none)).toBeUndefined();
  });

  it('keeps nothing of a text that is not JSON', () => {
    expect(redactJson('{"phone":', none)).toBe(JSON.stringify(REDACTED));
  });
});
