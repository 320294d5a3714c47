import { describe, expect, it } from 'vitest';
import { SpanBatch } from '../../model/span-batch.ts';
import { inFlight } from '../testing/in-flight.ts';
import { Redactor } from './redactor.ts';

const texts = (batch: SpanBatch): string[] => {
  const { table } = batch;
  const columns = [
    batch.attributes,
    batch.eventAttributes,
    batch.linkAttributes,
    ...batch.resources.map((resource) => resource.attributes),
    ...batch.scopes.map((scope) => scope.attributes),
  ];
  return columns.flatMap((column) => [...column.values].map((id) => `${table.key(id)}=${table.value(id)}`));
};

describe('Redactor', () => {
  it('replaces sensitive values wherever key-values stand, and nothing else', () => {
    const batch = inFlight(
      [
        {
          id: 1,
          attributes: {
            'customer.phone': '+79991234567',
            'url.full': 'http://shop/x?email=a%40b.c&page=2',
            kept: 'yes',
          },
          events: [{ name: 'e', attributes: { password: 'hunter2' } }],
          linkAttributes: { 'user.email': 'a@b.c' },
        },
      ],
      { resource: { 'api.token': 'T' }, scope: { secret: 'S' } },
    );
    const redactor = new Redactor({ keys: ['acme.note'] });
    redactor.redact(batch);
    const left = texts(batch.spans ?? new SpanBatch());
    expect(left).toEqual([
      'customer.phone=[redacted]',
      'url.full=http://shop/x?email=[redacted]&page=2',
      'kept=yes',
      'password=[redacted]',
      'user.email=[redacted]',
      'service.name=shop-api',
      'api.token=[redacted]',
      'secret=[redacted]',
    ]);
    expect(redactor.redactedCount).toBe(6);
  });

  it('replaces numbers too', () => {
    const batch = inFlight([{ id: 1, attributes: { phone: 79_991_234_567 } }]);
    new Redactor({ keys: [] }).redact(batch);
    expect(texts(batch.spans ?? new SpanBatch())).toContain('phone=[redacted]');
  });

  it('knows the keys of the configuration', () => {
    const batch = inFlight([{ id: 1, attributes: { 'acme.note': 'private' } }]);
    new Redactor({ keys: ['acme.note'] }).redact(batch);
    expect(texts(batch.spans ?? new SpanBatch())).toContain('acme.note=[redacted]');
  });
});
