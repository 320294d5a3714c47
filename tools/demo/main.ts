import { resolve } from 'node:path';
import { help, parseDemoArgs } from './args.ts';
import { runDemo } from './demo.ts';
import { DemoError, type ExitCode, exitCodes } from './demo-error.ts';
import { killEverything } from './processes.ts';
import { describeError } from './report.ts';
import { Terminal } from './terminal.ts';

/** Runs the command line and returns its exit code. */
async function main(args: readonly string[]): Promise<ExitCode> {
  const parsed = parseDemoArgs(args, process.env);
  if (parsed.kind === 'help') {
    process.stdout.write(help);
    return exitCodes.ok;
  }
  if (parsed.kind === 'invalid') {
    process.stderr.write(`${parsed.message}\nnpm run demo -- --help lists the options.\n`);
    return exitCodes.usage;
  }
  const interactive = process.stdout.isTTY;
  // https://no-color.org: present and not empty.
  const colour = interactive && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb';
  const terminal = new Terminal(process.stdout, { interactive: interactive && process.env['TERM'] !== 'dumb', colour });
  const checkout = resolve(import.meta.dirname, '../..');
  try {
    return await runDemo({ options: parsed.options, terminal, checkout, signal: stopSignal(terminal) });
  } catch (error) {
    terminal.close();
    process.stderr.write(`\n${describeError(error, terminal).join('\n')}\n`);
    return error instanceof DemoError ? error.exitCode : exitCodes.failed;
  }
}

/** Fires at the first Ctrl-C, SIGTERM or hang-up; the second one kills everything and ends the demo. */
function stopSignal(terminal: Terminal): AbortSignal {
  const controller = new AbortController();
  const onSignal = () => {
    if (controller.signal.aborted) {
      killEverything();
      process.exit(exitCodes.failed);
    }
    terminal.status(undefined);
    terminal.print('', '  Stopping; once more kills.');
    controller.abort();
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, onSignal);
  return controller.signal;
}

process.exitCode = await main(process.argv.slice(2));
// A socket kept alive by a client of ours must not keep the ended demo in the terminal.
process.exit();
