import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesTopic, valueInRoutingKey } from './topic-pattern.ts';

/** The definition, word for word: slow and obviously right. */
function byDefinition(pattern: readonly string[], words: readonly string[]): boolean {
  const [part, ...rest] = pattern;
  if (part === undefined) return words.length === 0;
  if (part === '#') return byDefinition(rest, words) || (words.length > 0 && byDefinition(pattern, words.slice(1)));
  return words.length > 0 && (part === '*' || part === words[0]) && byDefinition(rest, words.slice(1));
}

describe('matchesTopic', () => {
  it('matches as AMQP defines it', () => {
    const pattern = fc.array(fc.constantFrom('a', 'b', '*', '#'), { minLength: 1, maxLength: 6 });
    const words = fc.array(fc.constantFrom('a', 'b'), { minLength: 1, maxLength: 7 });
    fc.assert(
      fc.property(pattern, words, (parts, key) => {
        expect(matchesTopic(parts.join('.'), key.join('.'))).toBe(byDefinition(parts, key));
      }),
    );
  });

  it('stays quick however many # a pattern has', () => {
    expect(matchesTopic(`${'#.'.repeat(100)}end`, 'a.'.repeat(120))).toBe(false);
  });
});

describe('valueInRoutingKey', () => {
  it.each([
    ['order.{value}', 'order.A-1', 'A-1'],
    ['order.{value}.*', 'order.A-1.paid', 'A-1'],
    ['order.{value}.#', 'order.A-1', 'A-1'],
    ['order.{value}.#', 'order.A-1.x.y', 'A-1'],
    ['order.id-{value}-x', 'order.id-7-x', '7'],
    ['*.{value}', 'a.b', 'b'],
    ['order.{value}', 'order.A-1.paid', undefined],
    ['order.{value}.*', 'order.A-1', undefined],
    ['order.{value}', 'invoice.A-1', undefined],
    ['order.id-{value}', 'order.id-', undefined],
  ])('%s in %s is %s', (template, key, value) => {
    expect(valueInRoutingKey(template, key)).toBe(value);
  });
});
