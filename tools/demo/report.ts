import { stripVTControlCharacters } from 'node:util';
import { DemoError, messageOf } from './demo-error.ts';
import type { Terminal } from './terminal.ts';

/** An error as lines: what is wrong, then what to do. A stack only for what we did not expect. */
export function describeError(error: unknown, terminal: Pick<Terminal, 'paint'>): string[] {
  const title = `  ${terminal.paint('bad', 'Error:')} ${messageOf(error)}`;
  if (error instanceof DemoError)
    return [title, ...error.remedy.map((line) => `    ${stripVTControlCharacters(line)}`)];
  const stack = error instanceof Error && error.stack !== undefined ? error.stack.split('\n').slice(1) : [];
  return [title, ...stack, '    This is a mistake in the demo itself; please report it with these lines.'];
}
