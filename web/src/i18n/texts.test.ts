import { describe, expect, it } from 'vitest';
import { en } from './en.ts';
import { ru } from './ru.ts';

type Texts = { readonly [key: string]: string | Texts };

function flatten(texts: Texts, prefix = ''): Map<string, string> {
  const flat = new Map<string, string>();
  for (const [key, value] of Object.entries(texts)) {
    if (typeof value === 'string') flat.set(prefix + key, value);
    else for (const [inner, text] of flatten(value, `${prefix}${key}.`)) flat.set(inner, text);
  }
  return flat;
}

const PLURAL = /_(one|few|many|other)$/;
const bases = (texts: Texts): string[] =>
  [...new Set([...flatten(texts).keys()].map((key) => key.replace(PLURAL, '')))].toSorted();
const holes = (text: string): string[] =>
  [...text.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1] ?? '').toSorted();

describe('the texts of the product', () => {
  it('have the same keys in both languages', () => {
    expect(bases(ru)).toEqual(bases(en));
  });

  it('have every Russian plural form wherever one exists', () => {
    const keys = new Set(flatten(ru).keys());
    for (const key of keys) {
      if (!PLURAL.test(key)) continue;
      const base = key.replace(PLURAL, '');
      for (const form of ['one', 'few', 'many', 'other']) expect(keys).toContain(`${base}_${form}`);
    }
  });

  it('fill the same values in both languages', () => {
    const english = flatten(en);
    for (const [key, text] of flatten(ru)) {
      const other = english.get(key) ?? english.get(key.replace(PLURAL, '_other'));
      expect([key, ...holes(text)]).toEqual([key, ...holes(other ?? '')]);
    }
  });
});
