import { LineCounter, parseDocument, visit } from 'yaml';
import { WaybillError } from '../model/errors.ts';
import { definitionSchema, type Lifecycle, MAX_ALIAS_COUNT, MAX_FILE_BYTES, toLifecycle } from './definition.ts';
import { readDraft } from './draft.ts';
import { locate, placeOf } from './locate.ts';
import { type Finding, formatProblem, type LifecycleProblem, type ProblemCode } from './problem.ts';
import { schemaFindings } from './schema-findings.ts';
import { checkSoundness } from './soundness.ts';

/** Most problems in one answer; how many more there are is the last problem. */
export const MAX_PROBLEMS = 1_000;

/** Longest message or remedy, in UTF-16 units. */
const MAX_MESSAGE = 1_000;

/** What became of a definition file. */
export type ParseResult =
  | { readonly kind: 'ok'; readonly lifecycle: Lifecycle }
  | { readonly kind: 'refused'; readonly fileName: string; readonly problems: readonly LifecycleProblem[] };

/**
 * Parses a lifecycle definition (YAML 1.2) and proves it sound; see `checkSoundness` for what that means.
 * A refusal lists all problems by line, at most MAX_PROBLEMS of them. Only a text that is not YAML hides what else is wrong
 * with it. Never throws.
 *
 * @param text the whole file, at most MAX_FILE_BYTES
 * @param fileName how the file is called in the answer; it is not opened
 */
export function parseLifecycle(text: string, fileName: string): ParseResult {
  const refused = (problems: readonly LifecycleProblem[]): ParseResult => ({
    kind: 'refused',
    fileName,
    problems: firstOf(problems),
  });
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_FILE_BYTES) {
    const message = `the file has ${bytes} bytes; the limit is ${MAX_FILE_BYTES}`;
    return refused([problem('file_too_large', { line: 1, column: 1 }, message, 'Give a lifecycle definition.')]);
  }
  const lines = new LineCounter();
  // logLevel error: warnings are read from the document below instead of going to the console.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const broken = [...document.errors, ...document.warnings].map((error) =>
    problem('yaml_syntax', placeOf(lines, error.pos[0]), lowerFirst(error.message), syntaxRemedy(error.code)),
  );
  // A key that is there twice leaves a readable document; after other errors the rest of it is a guess.
  if (document.errors.some((error) => error.code !== 'DUPLICATE_KEY')) return refused(broken);

  const content = toContent(document, lines);
  if (content.kind === 'refused') return refused([...broken, content.problem]);
  const parsed = definitionSchema.safeParse(content.value);
  const findings = checkSoundness(readDraft(content.value));
  if (!parsed.success) findings.push(...parsed.error.issues.flatMap((issue) => schemaFindings(issue, content.value)));
  const problems = [...broken, ...findings.map(place)];
  if (parsed.success && problems.length === 0) return { kind: 'ok', lifecycle: toLifecycle(parsed.data) };
  return refused(problems.toSorted((a, b) => a.line - b.line || a.column - b.column));

  function place(finding: Finding): LifecycleProblem {
    const first = finding.first === undefined ? '' : `; first on line ${locate(document, lines, finding.first).line}`;
    const at = locate(document, lines, finding.path, finding.atKey);
    return problem(finding.code, at, finding.message + first, finding.remedy);
  }
}

/**
 * Parses a lifecycle definition like `parseLifecycle`, for callers that cannot go on without one.
 * Throws WaybillError `invalid_lifecycle` whose message has all problems, two lines each.
 */
export function requireLifecycle(text: string, fileName: string): Lifecycle {
  const result = parseLifecycle(text, fileName);
  if (result.kind === 'ok') return result.lifecycle;
  const problems = result.problems.map((each) => formatProblem(fileName, each)).join('\n');
  const count = result.problems.length === 1 ? '1 problem' : `${result.problems.length} problems`;
  throw new WaybillError('invalid_lifecycle', `the lifecycle ${fileName} has ${count}:\n${problems}`, {
    remedy: `Correct the file, and prove it with: waybill lifecycle check ${fileName}`,
  });
}

function problem(
  code: ProblemCode,
  at: { line: number; column: number },
  message: string,
  remedy: string,
): LifecycleProblem {
  return { ...at, code, message: bounded(message), remedy: bounded(remedy) };
}

/** Names in a definition that breaks the schema may be as long as the file. */
function bounded(text: string): string {
  return text.length <= MAX_MESSAGE ? text : `${text.slice(0, MAX_MESSAGE)}…`;
}

function firstOf(problems: readonly LifecycleProblem[]): readonly LifecycleProblem[] {
  const last = problems[MAX_PROBLEMS - 1];
  if (problems.length <= MAX_PROBLEMS || last === undefined) return problems;
  const more = problems.length - MAX_PROBLEMS;
  const rest = problem('too_many_problems', last, `there are ${more} more problems`, 'Correct the ones above first.');
  return [...problems.slice(0, MAX_PROBLEMS), rest];
}

type Content =
  | { readonly kind: 'ok'; readonly value: unknown }
  | { readonly kind: 'refused'; readonly problem: LifecycleProblem };

/** Turns the document into plain values; fails on aliases without anchor and on those that blow the document up. */
function toContent(document: ReturnType<typeof parseDocument>, lines: LineCounter): Content {
  try {
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIAS_COUNT });
    return { kind: 'ok', value };
  } catch {
    // yaml throws ReferenceError without a position in both cases.
    let offset = 0;
    let dangling: string | undefined;
    visit(document, {
      Alias(_key, alias) {
        offset = alias.range?.[0] ?? 0;
        if (alias.resolve(document) !== undefined) return undefined;
        dangling = alias.source;
        return visit.BREAK;
      },
    });
    const at = placeOf(lines, offset);
    if (dangling !== undefined) {
      const remedy = `Define \`&${dangling}\` before it is used, or put the text in quotes.`;
      return { kind: 'refused', problem: problem('yaml_syntax', at, `no anchor for \`*${dangling}\``, remedy) };
    }
    const message = `an anchor is repeated more than ${MAX_ALIAS_COUNT} times`;
    return { kind: 'refused', problem: problem('too_many_aliases', at, message, 'Write the repeated parts out.') };
  }
}

function syntaxRemedy(code: string): string {
  if (code === 'DUPLICATE_KEY') return 'Remove one of the two keys.';
  if (code === 'TAB_AS_INDENT') return 'Indent with spaces.';
  if (code === 'MULTIPLE_DOCS') return 'Keep one lifecycle in a file; remove what follows `---` or `...`.';
  if (code === 'RESOURCE_EXHAUSTION') return 'Nest less deeply: a lifecycle needs five levels.';
  return 'Correct the YAML at this place; quotes around the text often help.';
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
