import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readParts } from './multipart.ts';

const bodyOf = (parts: [string, string][], boundary: string): string =>
  `${parts.map(([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`).join('')}--${boundary}--\r\n`;

describe('readParts', () => {
  it('gives back the fields, whatever their values hold', () => {
    const value = fc.string({ unit: 'binary', maxLength: 60 });
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(fc.stringMatching(/^[a-z_]{1,9}$/), value), { selector: ([name]) => name }),
        (parts) => {
          const read = readParts(bodyOf(parts, 'XyZ-123'), 'multipart/form-data; boundary=XyZ-123');
          expect([...read]).toEqual(parts);
        },
      ),
    );
  });

  it('keeps line breaks and empty lines of a value', () => {
    const read = readParts(
      bodyOf([['query', 'SELECT 1\r\n\r\nFORMAT Null']], 'b'),
      'multipart/form-data; boundary="b"',
    );
    expect(read.get('query')).toBe('SELECT 1\r\n\r\nFORMAT Null');
  });

  it.each([
    ['no boundary', '--b--', 'multipart/form-data'],
    ['another boundary', '--c--', 'multipart/form-data; boundary=b'],
    ['a cut part', '--b\r\nContent-Disposition: form-data; name="x"\r\n\r\nabc', 'multipart/form-data; boundary=b'],
    ['a part without a name', '--b\r\nX: y\r\n\r\nabc\r\n--b--', 'multipart/form-data; boundary=b'],
  ])('refuses %s', (_, body, type) => {
    expect(() => readParts(body, type)).toThrow('multipart');
  });
});
