import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { parse } from 'yaml';
import { parseLifecycle } from '../../src/lifecycle/parse.ts';
import { parseConfig } from '../../src/main/config.ts';

/** Folders whose documents are about the project; what is installed or made is not. */
const folders = ['.', 'docs', 'docs/adr', 'examples/jewelry'];

/** The documents of a checkout, relative to its root. */
export function documents(root: string): string[] {
  return folders
    .flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(folder, name)))
    .filter((path) => path.endsWith('.md'));
}

/**
 * What is wrong in one document: links to files that are not there, YAML that is neither a sound lifecycle nor a valid configuration,
 * shell lines that name an npm script or a file which does not exist, JSON that does not parse.
 *
 * @returns sentences that begin with the document's path and line; empty when all is well.
 */
export function problemsOf(root: string, path: string): string[] {
  const text = readFileSync(join(root, path), 'utf8');
  const { blocks, prose } = split(text);
  return [
    ...links(prose).flatMap(({ target, line }) =>
      isThere(root, path, target) ? [] : [`${path}:${line}: there is no ${target}`],
    ),
    ...blocks.flatMap((block) => blockProblems(root, block).map((problem) => `${path}:${block.line}: ${problem}`)),
  ];
}

interface Block {
  readonly language: string;
  readonly text: string;
  /** Of the opening fence, from 1. */
  readonly line: number;
}

/** Code blocks, and the lines around them with their numbers kept. */
function split(text: string): { blocks: Block[]; prose: string[] } {
  const blocks: Block[] = [];
  const prose: string[] = [];
  let open: { language: string; line: number; lines: string[] } | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const fence = /^\s*```(\S*)\s*$/.exec(line);
    prose.push(fence === null && open === undefined ? line : '');
    if (fence === null) open?.lines.push(line);
    else if (open === undefined) open = { language: fence[1] ?? '', line: index + 1, lines: [] };
    else {
      blocks.push({ ...open, text: open.lines.join('\n') });
      open = undefined;
    }
  }
  return { blocks, prose };
}

function links(prose: readonly string[]): { target: string; line: number }[] {
  return prose.flatMap((text, index) =>
    [...text.matchAll(/\]\(([^)\s]+)\)|(?:src|href)="([^"]+)"/g)].map((match) => ({
      target: match[1] ?? match[2] ?? '',
      line: index + 1,
    })),
  );
}

function isThere(root: string, path: string, target: string): boolean {
  if (/^(https?|mailto):|^#/.test(target)) return true;
  const file = resolve(root, dirname(path), target.replace(/#.*$/, ''));
  return !relative(root, file).startsWith('..') && existsSync(file);
}

function blockProblems(root: string, { language, text }: Block): string[] {
  if (language === 'yaml') return yamlProblems(text);
  if (language === 'json') return attempt(() => void JSON.parse(text));
  if (language === 'sh') return text.split('\n').flatMap((line) => shellProblems(root, line));
  return [];
}

function yamlProblems(text: string): string[] {
  return attempt(() => {
    const content: unknown = parse(text);
    if (typeof content !== 'object' || content === null || !('statuses' in content)) {
      // Whatever a sample takes from the environment is there, and long enough for a secret.
      parseConfig(text, 'this block', new Proxy({}, { get: () => 'a-value-of-the-environment' }));
      return;
    }
    const result = parseLifecycle(text, 'this block');
    if (result.kind !== 'ok') throw new Error(result.problems.map(({ message }) => message).join('; '));
  });
}

function shellProblems(root: string, line: string): string[] {
  const { scripts = {} } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts?: object };
  const named = [...line.matchAll(/\bnpm (?:run (?:-s )?([\w:-]+)|(test|start)\b)/g)].map(
    (match) => match[1] ?? match[2],
  );
  const missing = named.filter((name) => name !== undefined && !(name in scripts));
  const files = [...line.matchAll(/\b(?:node|bash|cat) ((?:\.|\w)[\w./-]*\.(?:ts|js)|\.ci\/run)\b/g)].map(
    (match) => match[1],
  );
  return [
    ...missing.map((name) => `package.json has no script ${name}`),
    ...files.filter((file) => file !== undefined && !existsSync(join(root, file))).map((file) => `there is no ${file}`),
  ];
}

function attempt(work: () => void): string[] {
  try {
    work();
    return [];
  } catch (error) {
    return [error instanceof Error ? error.message : 'unknown error'];
  }
}
