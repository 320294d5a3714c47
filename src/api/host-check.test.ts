import { describe, expect, it } from 'vitest';
import { isAllowedHost } from './host-check.ts';

describe('isAllowedHost', () => {
  it.each([
    '127.0.0.1:8080',
    '127.0.0.1',
    'localhost:8080',
    'LOCALHOST',
    'waybill.localhost:1',
    '[::1]:8080',
    '10.0.0.7:80',
  ])('takes %s, which no other site can own', (header) => {
    expect(isAllowedHost(header, [])).toBe(true);
  });

  it.each(['evil.example:8080', 'evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', '', undefined])(
    'refuses %s',
    (header) => {
      expect(isAllowedHost(header, ['waybill.company.example'])).toBe(false);
    },
  );

  it('takes a configured name in any case and with any port', () => {
    expect(isAllowedHost('Waybill.Company.example:443', ['waybill.company.EXAMPLE'])).toBe(true);
  });
});
