import { readFile } from 'node:fs/promises';
import type { Language, Lifecycle } from '../lifecycle/definition.ts';
import { toMermaid } from '../lifecycle/export-mermaid.ts';
import { toPnml } from '../lifecycle/export-pnml.ts';
import { toScxml } from '../lifecycle/export-scxml.ts';
import { toXstate } from '../lifecycle/export-xstate.ts';
import { parseLifecycle, requireLifecycle } from '../lifecycle/parse.ts';
import { formatProblem } from '../lifecycle/problem.ts';
import { WaybillError } from '../model/errors.ts';

/** The forms in which `waybill lifecycle show` prints a definition, by the value of `--format`. */
export const LIFECYCLE_FORMS = {
  mermaid: toMermaid,
  scxml: toScxml,
  xstate: toXstate,
  pnml: toPnml,
} satisfies Readonly<Record<string, (lifecycle: Lifecycle, language: Language) => string>>;

/** `waybill lifecycle check FILE`: prints that the definition is sound, or every problem; exit code 1 where there is one. */
export async function checkLifecycle(file: string, options: { json?: boolean }): Promise<void> {
  const result = parseLifecycle(await readDefinition(file), file);
  const problems = result.kind === 'ok' ? [] : result.problems;
  process.exitCode = problems.length === 0 ? 0 : 1;
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify({ file, sound: problems.length === 0, problems }, undefined, 2)}\n`);
    return;
  }
  if (result.kind === 'ok') {
    const { name, version, statuses, transitions, regions } = result.lifecycle;
    const parallel = regions.length === 0 ? '' : ` in ${regions.length} regions`;
    process.stdout.write(
      `${file}: ${name} version ${version} is sound: ${statuses.length} statuses, ${transitions.length} transitions${parallel}\n`,
    );
    return;
  }
  for (const problem of problems) process.stderr.write(`${formatProblem(file, problem)}\n`);
  process.stderr.write(`${file}: ${problems.length === 1 ? '1 problem' : `${problems.length} problems`}\n`);
}

/** `waybill lifecycle show FILE`: prints the definition in another form. */
export async function showLifecycle(
  file: string,
  options: { format: keyof typeof LIFECYCLE_FORMS; language: Language },
): Promise<void> {
  const lifecycle = requireLifecycle(await readDefinition(file), file);
  process.stdout.write(LIFECYCLE_FORMS[options.format](lifecycle, options.language));
}

async function readDefinition(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new WaybillError('invalid_argument', `${file} cannot be read (${code})`, {
      remedy: 'give the path of a lifecycle definition, such as examples/jewelry/lifecycle.yaml',
      cause,
    });
  }
}
