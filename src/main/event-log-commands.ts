import { type Command, InvalidArgumentError, Option } from 'commander';
import { IMPORT_FORMATS } from '../receivers/eventlog/log-file.ts';
import { TIMESTAMP_FORMATS } from '../wire/eventlog/timestamp.ts';
import { EXPORT_FORMATS, type ExportFlags, exportFile } from './export-command.ts';
import { type ImportFlags, importFile } from './import-command.ts';

const DEFAULT_SERVER = 'http://127.0.0.1:8080';

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('a whole number above 0 is needed');
  return value;
}

/** Adds `waybill import` and `waybill export`. */
export function addEventLogCommands(program: Command): void {
  program
    .command('import')
    .description(
      'Bring the history of orders in: CSV, XES (also .gz), OCEL 2.0 (JSON, SQLite), JSON lines; a zip with one CSV',
    )
    .argument('<file>', 'event log')
    .option('-s, --server <url>', 'pages of a running Waybill', DEFAULT_SERVER)
    .addOption(new Option('-f, --format <format>', 'told from the content by default').choices(IMPORT_FORMATS))
    .option('--case <column>', 'which column (CSV) or attribute carries the order id')
    .option('--activity <column>', 'which one carries the status')
    .option('--timestamp <column>', 'which one carries the time')
    .option('--id <column>', 'which one carries an id that is unique per event')
    .option('--source <column>', 'which one says who reported the event')
    .option(
      '--name <source>',
      'who reports where the file does not say it; part of the identity of events (default: the file name)',
    )
    .option('--alias <name>', 'the order ids of the file are aliases of this name')
    .option('--attributes <names>', 'columns or attributes that describe the order, separated by commas')
    .addOption(new Option('--timestamp-format <format>', 'how times are written').choices(TIMESTAMP_FORMATS))
    .option('--zone <zone>', 'IANA zone of times without an offset (default: UTC)')
    .option('--separator <character>', 'between the columns of CSV (default: detected)')
    .option('--encoding <name>', 'of CSV (default: utf-8)')
    .option(
      '--lifecycle <transitions>',
      'XES: which lifecycle transitions count, separated by commas, or all (default: complete)',
    )
    .option('--object-type <type>', 'OCEL: which object type is the order')
    .option('--max-unpacked-bytes <bytes>', 'of a compressed file (default: 8 GiB)', positive)
    .option('--rejected <file>', 'where rows go that are no events (default: beside, <file>.rejected.csv)')
    .option('-y, --yes', 'take the columns of a CSV as they were guessed')
    .option('--no-wait', 'end when the events are durable, before the orders are folded')
    .option('--json', 'print the summary as JSON')
    .action((file: string, flags: ImportFlags) => importFile(file, flags));
  program
    .command('export')
    .description('Write all orders as an event log')
    .option('-s, --server <url>', 'pages of a running Waybill', DEFAULT_SERVER)
    .addOption(new Option('-f, --format <format>', 'form of the output').choices(EXPORT_FORMATS).default('csv'))
    .option('-o, --output <file>', 'where to (default: standard output)')
    .action((flags: ExportFlags) => exportFile(flags));
}
