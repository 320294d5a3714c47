import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redactBody, redactFreeText } from './free-text.ts';

const NOTHING: ReadonlySet<string> = new Set();
const redact = (text: string): string => redactFreeText(text, NOTHING);

describe('redactFreeText', () => {
  it.each([
    ['mail anna.petrova+shop@example.test bounced', 'mail [redacted] bounced'],
    ['письмо на почта.анны@пример.рф не ушло', 'письмо на [redacted] не ушло'],
    ['call +7 (916) 123-45-67 back', 'call [redacted] back'],
    ['позвонить 8 916 123 45 67', 'позвонить [redacted]'],
    ['phone 89161234567.', 'phone [redacted].'],
    ['abroad +44 20 7946 0958', 'abroad [redacted]'],
    ['paid with 4111 1111 1111 1111 today', 'paid with [redacted] today'],
    ['paid with 2200000000000004', 'paid with [redacted]'],
    ['СНИЛС 112-233-445 95', 'СНИЛС [redacted]'],
    ['покупатель, ИНН: 7707083893', 'покупатель, ИНН: [redacted]'],
    ['паспорт серия 4509 123456 выдан', 'паспорт серия [redacted] выдан'],
    ['GET amqp://guest:s3cret@mq:5672/ failed', 'GET amqp://[redacted]@mq:5672/ failed'],
    ['Authorization: Bearer abc.def-123', 'Authorization: [redacted]'],
    ['sent bearer 0123456789abcdef0123', 'sent bearer [redacted]'],
    ['got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl here', 'got [redacted] here'],
    ['password: hunter2, next', 'password: [redacted], next'],
    ['Customer[phone=112, fullName=Anna Petrova, age=30]', 'Customer[phone=[redacted], fullName=[redacted], age=30]'],
    ['body was {"email": "x", "items": 2', 'body was {"email": "[redacted]", "items": 2'],
  ])('masks what has a shape: %s', (text, expected) => {
    expect(redact(text)).toBe(expected);
  });

  it.each([
    'order ORD-1700000000123 moved to PRICE_CALCULATED after 35 min',
    'trace 4bf92f3577b34da6a3ce929d0e0e4736 span 00f067aa0ba902b7',
    'at 1700000000123 ms, 1700000000123456789 ns, amount 1234567.89',
    'EAN 4006381333931, track RA123456789RU, port 5672, v1.2.3-rc.4',
    'uuid 123e4567-e89b-12d3-a456-426614174000, ip 192.168.10.20:8080',
    'bearer authentication failed; mail: sent; card created',
    'SELECT * FROM orders WHERE id = 42 AND status = $1',
  ])('leaves alone what is no personal data: %s', (text) => {
    expect(redact(text)).toBe(text);
  });

  it('does not change what it has redacted', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.string(),
            fc.constantFrom('a@b.test', 'phone=+79161234567', 'token: x y', '"email":"q"', 'Authorization: Basic eA=='),
          ),
        ),
        (parts) => {
          const once = redact(parts.join(' '));
          expect(redact(once)).toBe(once);
        },
      ),
    );
  });
});

describe('redactBody', () => {
  it('reads JSON by its keys and its strings as prose', () => {
    const body = '{"id":7,"customer":{"phone":"x"},"note":"write to a@b.test"}';
    expect(redactBody(body, NOTHING)).toBe('{"id":7,"customer":{"phone":"[redacted]"},"note":"write to [redacted]"}');
    expect(redactBody('{"id":7}', NOTHING)).toBe('{"id":7}');
  });

  it('reads what only begins like JSON as prose', () => {
    expect(redactBody('[shop] a@b.test {', NOTHING)).toBe('[shop] [redacted] {');
  });
});
