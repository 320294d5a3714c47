import { WaybillError } from '../model/errors.ts';
import { checkCombinations } from './combinations.ts';
import { type DefinitionFile, definitionSchema, type Lifecycle, MAX_FILE_BYTES, toLifecycle } from './definition.ts';
import { readDraft } from './draft.ts';
import { locate, placeOf } from './locate.ts';
import { type Finding, formatProblem, type LifecycleProblem, type ProblemCode } from './problem.ts';
import { readYaml } from './read-yaml.ts';
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
 * Parses a lifecycle definition (YAML 1.2) and proves it sound; see `checkSoundness` and `checkCombinations` for what that means.
 * A refusal lists all problems by line, at most MAX_PROBLEMS of them. Only a text that is not YAML hides what else is wrong
 * with it. Never throws.
 *
 * @param text the whole file, at most MAX_FILE_BYTES
 * @param fileName how the file is called in the answer; it is not opened
 */
export function parseLifecycle(text: string, fileName: string): ParseResult {
  const refused = (problems: readonly LifecycleProblem[], count = problems.length): ParseResult => ({
    kind: 'refused',
    fileName,
    problems: firstOf(problems, count),
  });
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_FILE_BYTES) {
    const message = `the file has ${bytes} bytes; the limit is ${MAX_FILE_BYTES}`;
    return refused([problem('file_too_large', { line: 1, column: 1 }, message, 'Give a lifecycle definition.')]);
  }
  const yaml = readYaml(text);
  const broken = yaml.faults.map(({ code, offset, message, remedy }) =>
    problem(code, placeOf(yaml.lines, offset), message, remedy),
  );
  if (yaml.kind === 'unreadable') return refused(broken);

  const { document, lines, value } = yaml;
  const parsed = definitionSchema.safeParse(value);
  const breaches = parsed.success ? [] : parsed.error.issues.flatMap((issue) => schemaFindings(issue, value));
  const findings = [...breaches, ...checkSoundness(readDraft(value))];
  if (parsed.success && broken.length + findings.length === 0) {
    const lifecycle = toLifecycle(parsed.data);
    // Combinations mean something only where each region by itself is sound.
    findings.push(...checkCombinations(lifecycle, guardPaths(parsed.data)));
    if (findings.length === 0) return { kind: 'ok', lifecycle };
  }
  // Finding a line is a search; it is done for as many problems as can be in the answer.
  const placed = [...broken, ...findings.slice(0, MAX_PROBLEMS).map(place)];
  return refused(
    placed.toSorted((a, b) => a.line - b.line || a.column - b.column),
    broken.length + findings.length,
  );

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

/** Where the guards stand, in the order in which `toLifecycle` lists the transitions. */
function guardPaths({ transitions, regions = [] }: DefinitionFile) {
  return {
    transitions: transitions.flatMap(({ to, requires }, index) =>
      to.map(() => (requires === undefined ? ['transitions', index] : ['transitions', index, 'requires'])),
    ),
    starts: new Map(
      regions.map(({ id, startsWhen }, index) => [
        id,
        startsWhen === undefined ? ['regions', index] : ['regions', index, 'startsWhen'],
      ]),
    ),
  };
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

function firstOf(problems: readonly LifecycleProblem[], count: number): readonly LifecycleProblem[] {
  const last = problems.slice(0, MAX_PROBLEMS).at(-1);
  if (count <= MAX_PROBLEMS || last === undefined) return problems;
  const message = `there are ${count - MAX_PROBLEMS} more problems`;
  const rest = problem('too_many_problems', last, message, 'Correct the ones above first.');
  return [...problems.slice(0, MAX_PROBLEMS), rest];
}
