import { Command, InvalidArgumentError, Option } from 'commander';
import { WaybillError } from '../model/errors.ts';
import { addBenchCommand } from './bench-command.ts';
import { addEventLogCommands } from './event-log-commands.ts';
import { checkLifecycle, LIFECYCLE_FORMS, showLifecycle } from './lifecycle-commands.ts';
import { packageVersion } from './version.ts';

/** Exit codes: 0 done, 1 the answer is "no" or something failed, 2 the call or the configuration is wrong. */
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

function port(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65_535)
    throw new InvalidArgumentError('a port is a number from 0 to 65535');
  return value;
}

function createProgram(): Command {
  const program = new Command('waybill')
    .description('Traces orders, not only requests.')
    .version(packageVersion(), '-V, --version')
    .showHelpAfterError('(waybill --help lists the commands)')
    .exitOverride((error) => {
      throw error;
    });
  program
    .command('serve')
    .description('Receive telemetry, follow orders, and serve the pages and the API')
    .option('-c, --config <file>', 'YAML configuration; without it everything has its default')
    .option('-d, --data-dir <folder>', 'where the journal and the embedded store live (over the configuration)')
    .option('-p, --port <port>', 'port of the pages and the API (over the configuration)', port)
    .action(async (options: { config?: string; dataDir?: string; port?: number }) => {
      // Loaded late: the other commands answer at once and need none of the server.
      const { serve } = await import('./serve.ts');
      await serve(options);
    });
  const lifecycle = program.command('lifecycle').description('Check and show definitions of status machines');
  lifecycle
    .command('check')
    .description('Prove a definition sound; every problem is shown with its line')
    .argument('<file>', 'YAML definition')
    .option('--json', 'print the problems as JSON')
    .action((file: string, options: { json?: boolean }) => checkLifecycle(file, options));
  lifecycle
    .command('show')
    .description('Print a definition in another form')
    .argument('<file>', 'YAML definition')
    .addOption(
      new Option('-f, --format <format>', 'form of the output')
        .choices(Object.keys(LIFECYCLE_FORMS))
        .default('mermaid'),
    )
    .addOption(new Option('-l, --language <language>', 'language of the labels').choices(['en', 'ru']).default('en'))
    .action((file: string, options: Parameters<typeof showLifecycle>[1]) => showLifecycle(file, options));
  program
    .command('doctor')
    .description('Say what is wrong with a running Waybill, its brokers and this machine, and what to do about it')
    .option(
      '-s, --server <url>',
      'pages of a running Waybill (default: that of the configuration, or http://127.0.0.1:8080)',
    )
    .option('-c, --config <file>', 'look at this configuration too: lifecycle, ports, data directory, disk')
    .option('--json', 'print the checks as JSON')
    .addHelpText('after', '\nExit code: 0 nothing is broken, 1 something is, 2 no Waybill answers there.')
    .action(async (flags: { server?: string; config?: string; json?: boolean }) => {
      const { doctor } = await import('./doctor/doctor.ts');
      await doctor(flags);
    });
  addEventLogCommands(program);
  addBenchCommand(program);
  return program;
}

async function main(): Promise<void> {
  try {
    await createProgram().parseAsync();
  } catch (error) {
    process.exitCode = reportFailure(error);
  }
}

/** Prints what went wrong and the remedy; returns the exit code. */
function reportFailure(error: unknown): number {
  if (error instanceof WaybillError) {
    process.stderr.write(`waybill: ${error.message}\n`);
    if (error.remedy !== undefined) process.stderr.write(`  → ${error.remedy}\n`);
    return error.code === 'invalid_configuration' || error.code === 'invalid_argument' ? EXIT_USAGE : EXIT_FAILED;
  }
  // commander has printed its own message; asking for help or the version is not a failure.
  if (error instanceof Error && 'exitCode' in error) return error.exitCode === 0 ? 0 : EXIT_USAGE;
  process.stderr.write(
    `waybill: unexpected error\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  return EXIT_FAILED;
}

await main();
