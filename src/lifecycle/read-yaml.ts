import { type Document, isMap, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import { MAX_ALIAS_COUNT, MAX_VALUES } from './definition.ts';
import type { ProblemCode } from './problem.ts';

/** What is wrong with the text as YAML. */
export interface YamlFault {
  readonly code: ProblemCode;
  /** Into the text, in UTF-16 units. */
  readonly offset: number;
  readonly message: string;
  readonly remedy: string;
}

/** A YAML text as plain values, with what leads from a value back to its line. */
export type YamlText =
  | { readonly kind: 'unreadable'; readonly faults: readonly YamlFault[]; readonly lines: LineCounter }
  | {
      readonly kind: 'readable';
      /** Faults that leave the rest readable: keys that are there twice (the last one counts), unknown tags. */
      readonly faults: readonly YamlFault[];
      readonly lines: LineCounter;
      readonly document: Document;
      /** At most MAX_VALUES values, aliases counted as often as they repeat; never circular. */
      readonly value: unknown;
    };

/** Reads one YAML 1.2 document. Takes time linear in the text and in MAX_VALUES. Never throws. */
export function readYaml(text: string): YamlText {
  const lines = new LineCounter();
  // The parser's own check for unique keys is quadratic: minutes for a map that fills the largest file.
  // logLevel error: warnings are read from the document below instead of going to the console.
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    logLevel: 'error',
    uniqueKeys: false,
  });
  const syntax = [...document.errors, ...document.warnings].map(
    ({ code, pos, message }): YamlFault => ({
      code: 'yaml_syntax',
      offset: pos[0],
      message: message.charAt(0).toLowerCase() + message.slice(1),
      remedy: syntaxRemedy(code),
    }),
  );
  // After a syntax error the rest of the document is a guess.
  if (document.errors.length > 0) return { kind: 'unreadable', faults: syntax, lines };
  const { repeatedKeys, dangling, lastAlias } = survey(document);
  const faults = [...syntax, ...repeatedKeys, ...dangling];
  if (dangling.length > 0) return { kind: 'unreadable', faults, lines };
  try {
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIAS_COUNT });
    if (!exceeds(value, MAX_VALUES)) return { kind: 'readable', faults, lines, document, value };
    const message = `the file has more than ${MAX_VALUES} values, repeated aliases included`;
    const tooLarge: YamlFault = { code: 'file_too_large', offset: 0, message, remedy: 'Give a lifecycle definition.' };
    return { kind: 'unreadable', faults: [...faults, tooLarge], lines };
  } catch {
    // With all anchors present, yaml throws only when an anchor is repeated too often or while it is being defined.
    const message = `an anchor is repeated more than ${MAX_ALIAS_COUNT} times`;
    const remedy = 'Write the repeated parts out.';
    return {
      kind: 'unreadable',
      faults: [...faults, { code: 'too_many_aliases', offset: lastAlias, message, remedy }],
      lines,
    };
  }
}

/** Finds in one walk what the parser leaves to its user: repeated keys and aliases without anchor. */
function survey(document: Document): { repeatedKeys: YamlFault[]; dangling: YamlFault[]; lastAlias: number } {
  const repeatedKeys: YamlFault[] = [];
  const dangling: YamlFault[] = [];
  const anchors = new Set<string>();
  let lastAlias = 0;
  visit(document, {
    Node(_key, node) {
      if ('anchor' in node && node.anchor !== undefined) anchors.add(node.anchor);
      if (!isMap(node)) return;
      const keys = new Set<string>();
      for (const { key } of node.items) {
        if (!isScalar(key)) continue;
        const name = String(key.value);
        const offset = key.range?.[0] ?? 0;
        const message = `the key \`${name}\` is there twice`;
        if (keys.has(name))
          repeatedKeys.push({ code: 'yaml_syntax', offset, message, remedy: 'Remove one of the two keys.' });
        keys.add(name);
      }
    },
    Alias(_key, { source, range }) {
      lastAlias = range?.[0] ?? 0;
      if (anchors.has(source)) return;
      const remedy = `Define \`&${source}\` before it is used, or put the text in quotes.`;
      dangling.push({ code: 'yaml_syntax', offset: lastAlias, message: `no anchor for \`*${source}\``, remedy });
    },
  });
  return { repeatedKeys, dangling, lastAlias };
}

/** Whether there are more values than the limit. A circular value has endlessly many. */
function exceeds(value: unknown, limit: number): boolean {
  const pending = [value];
  let seen = 0;
  while (pending.length > 0) {
    const next = pending.pop();
    seen += 1;
    if (seen + pending.length > limit) return true;
    if (typeof next !== 'object' || next === null) continue;
    for (const child of Object.values(next)) {
      pending.push(child);
      if (seen + pending.length > limit) return true;
    }
  }
  return false;
}

function syntaxRemedy(code: string): string {
  if (code === 'TAB_AS_INDENT') return 'Indent with spaces.';
  if (code === 'MULTIPLE_DOCS') return 'Keep one lifecycle in a file; remove what follows `---` or `...`.';
  if (code === 'RESOURCE_EXHAUSTION') return 'Nest less deeply: a lifecycle needs five levels.';
  return 'Correct the YAML at this place; quotes around the text often help.';
}
