import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { documents, problemsOf } from './check-documents.ts';
import { configurationDocument } from './configuration.ts';
import { performanceDocument } from './performance.ts';

const root = resolve(import.meta.dirname, '../..');

describe('the documents', () => {
  it.each(documents(root))('%s names only what exists, and its code blocks are right', (path) => {
    expect(problemsOf(root, path)).toEqual([]);
  });

  it('have a configuration page that is what the schemas say (npm run docs writes it)', () => {
    expect(readFileSync(join(root, 'docs/configuration.md'), 'utf8')).toBe(configurationDocument());
  });

  it('have a page of measurements that is what the results say (npm run docs writes it)', () => {
    expect(readFileSync(join(root, 'docs/performance.md'), 'utf8')).toBe(performanceDocument());
  });

  it('give the same commands and samples in both languages', () => {
    const blocks = (name: string) =>
      [...readFileSync(join(root, name), 'utf8').matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)]
        .filter(([, language]) => language !== 'text')
        .map(([, , text = '']) => text.replaceAll(/ *#.*$/gm, ''));
    expect(blocks('README.ru.md')).toEqual(blocks('README.md'));
  });
});

describe('problemsOf', () => {
  function problemsIn(text: string): string[] {
    const directory = mkdtempSync(join(tmpdir(), 'waybill-documents-'));
    try {
      writeFileSync(join(directory, 'package.json'), '{"scripts":{"demo":"true"}}');
      writeFileSync(join(directory, 'page.md'), text);
      return problemsOf(directory, 'page.md');
    } finally {
      rmSync(directory, { recursive: true });
    }
  }

  it.each([
    ['a link to a missing file', 'see [this](missing.md)', 'page.md:1: there is no missing.md'],
    ['an image that is missing', '<img src="a.png">', 'page.md:1: there is no a.png'],
    ['a script that package.json lacks', '```sh\nnpm run dmeo\n```', 'page.md:1: package.json has no script dmeo'],
    ['a file to run that is missing', '```sh\nnode tools/x.ts\n```', 'page.md:1: there is no tools/x.ts'],
  ])('finds %s', (_, text, problem) => {
    expect(problemsIn(text)).toEqual([problem]);
  });

  it('finds a key that no configuration has', () => {
    expect(problemsIn('```yaml\njornal: {}\n```').join()).toContain('did you mean journal?');
  });

  it('finds a lifecycle that is not sound', () => {
    expect(problemsIn('```yaml\nname: x\nstatuses: []\n```')).not.toEqual([]);
  });

  it('is content with links to pages elsewhere and to parts of a file', () => {
    expect(problemsIn('[a](https://example.org) [b](#part) [c](page.md#part) ```not a block```')).toEqual([]);
  });
});
