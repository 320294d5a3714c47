import { basename } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { system } from '../api/contract/system.ts';
import { type ImportOptions, type ImportSummary, importEventLog } from '../receivers/eventlog/importer.ts';
import { proposalFlags } from '../receivers/eventlog/readers.ts';
import { RejectedFile } from '../receivers/eventlog/rejected-file.ts';
import type { CsvProposal } from '../wire/eventlog/csv-proposal.ts';
import type { EventLogMapping } from '../wire/eventlog/event.ts';
import { ProgressBar } from './progress-bar.ts';
import { ServerClient } from './server-client.ts';

/** Flags of `waybill import`. */
export interface ImportFlags {
  readonly server: string;
  readonly format?: NonNullable<ImportOptions['format']>;
  readonly case?: string;
  readonly activity?: string;
  readonly timestamp?: string;
  readonly id?: string;
  readonly source?: string;
  readonly name?: string;
  readonly alias?: string;
  readonly attributes?: string;
  readonly timestampFormat?: NonNullable<ImportOptions['timestampFormat']>;
  readonly zone?: string;
  readonly separator?: string;
  readonly encoding?: string;
  readonly lifecycle?: string;
  readonly objectType?: string;
  readonly maxUnpackedBytes?: number;
  readonly rejected?: string;
  readonly yes?: boolean;
  readonly wait?: boolean;
  readonly json?: boolean;
}

/** Longest wait until the orders of an import are folded. */
const MAX_FOLD_WAIT_MS = 600_000;

/** `waybill import FILE`: brings an event log into a running Waybill; exit code 1 when rows were rejected. */
export async function importFile(file: string, flags: ImportFlags): Promise<void> {
  const server = new ServerClient(flags.server);
  const rejected = new RejectedFile(flags.rejected ?? `${basename(file)}.rejected.csv`);
  const bar = new ProgressBar('importing', flags.json === true ? undefined : process.stderr);
  const stop = new AbortController();
  const onSignal = (): void => stop.abort(new Error('interrupted; import the same file again to go on'));
  process.once('SIGINT', onSignal);
  try {
    // Asked first, so that a wrong address is known before the file is read.
    const before = await server.get('/api/system', system);
    const summary = await importEventLog({
      ...readOptions(flags),
      file,
      next: server,
      source: flags.name ?? basename(file),
      confirm: (proposal) => confirmed(proposal, flags),
      progress: ({ bytesRead, bytesTotal, facts }) => bar.show(bytesRead / bytesTotal, `${facts} events`),
      rejected: rejected.write,
      signal: stop.signal,
    });
    await rejected.close();
    bar.end();
    if (flags.wait !== false) await untilFolded(server, before.projector.refoldedOrders, bar);
    report(summary, { flags, file, rejectedPath: rejected.path });
    if (summary.rejected > 0) process.exitCode = 1;
  } finally {
    bar.end();
    process.removeListener('SIGINT', onSignal);
  }
}

function readOptions(flags: ImportFlags): Omit<ImportOptions, 'file' | 'next' | 'source'> {
  const mapping: EventLogMapping = {
    ...(flags.case !== undefined && { case: flags.case }),
    ...(flags.activity !== undefined && { activity: flags.activity }),
    ...(flags.timestamp !== undefined && { timestamp: flags.timestamp }),
    ...(flags.source !== undefined && { source: flags.source }),
    ...(flags.id !== undefined && { id: flags.id }),
  };
  return {
    mapping,
    ...(flags.format !== undefined && { format: flags.format }),
    ...(flags.alias !== undefined && { alias: flags.alias }),
    ...(flags.attributes !== undefined && { orderAttributes: flags.attributes.split(',') }),
    ...(flags.timestampFormat !== undefined && { timestampFormat: flags.timestampFormat }),
    ...(flags.zone !== undefined && { zone: flags.zone }),
    ...(flags.separator !== undefined && { separator: flags.separator }),
    ...(flags.encoding !== undefined && { encoding: flags.encoding }),
    ...(flags.lifecycle !== undefined && {
      lifecycle: flags.lifecycle === 'all' ? ('all' as const) : flags.lifecycle.split(','),
    }),
    ...(flags.objectType !== undefined && { objectType: flags.objectType }),
    ...(flags.maxUnpackedBytes !== undefined && { maxUnpackedBytes: flags.maxUnpackedBytes }),
  };
}

/** Shows what the columns seem to be and asks; without a person to ask, only `--yes` confirms a guess. */
async function confirmed(proposal: CsvProposal, flags: ImportFlags): Promise<boolean> {
  process.stderr.write(`The columns seem to be: ${proposalFlags(proposal)}\n`);
  for (const { role, column, reason } of proposal.reasons) process.stderr.write(`  ${role}: ${column} (${reason})\n`);
  if (flags.yes === true) return true;
  if (!process.stdin.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^(?:y|yes|д|да)?$/i.test((await terminal.question('Import it so? [Y/n] ')).trim());
  } finally {
    terminal.close();
  }
}

/** Waits until the server has nothing left to load and fold. */
async function untilFolded(server: ServerClient, foldedBefore: number, bar: ProgressBar): Promise<void> {
  const deadline = Date.now() + MAX_FOLD_WAIT_MS;
  let quiet = 0;
  while (quiet < 2 && Date.now() < deadline) {
    await sleep(250);
    const { journal, projector } = await server.get('/api/system', system);
    quiet = journal.segments === 0 && projector.lagMs === 0 ? quiet + 1 : 0;
    bar.show(undefined, `${projector.refoldedOrders - foldedBefore} orders folded`);
  }
  bar.end();
}

function report(
  summary: ImportSummary,
  { flags, file, rejectedPath }: { flags: ImportFlags; file: string; rejectedPath: string },
): void {
  if (flags.json === true) {
    process.stdout.write(`${JSON.stringify({ file, ...summary })}\n`);
    return;
  }
  const { events, cases, activities, rejected, skipped, ambiguousLocalTimes } = summary;
  process.stdout.write(`${file}: ${events} events of ${cases} orders, ${activities} statuses\n`);
  if (skipped.lifecycle > 0) {
    const hint = events === 0 ? '; count them with --lifecycle all' : '';
    process.stdout.write(`  ${skipped.lifecycle} events of other lifecycle transitions were left out${hint}\n`);
  }
  if (skipped.unrelated > 0) process.stdout.write(`  ${skipped.unrelated} events belong to no order\n`);
  if (ambiguousLocalTimes > 0)
    process.stdout.write(`  ${ambiguousLocalTimes} times exist twice in the zone; the earlier one was taken\n`);
  if (rejected === 0) return;
  process.stdout.write(`  ${rejected} rows were rejected; they are kept in ${rejectedPath}\n`);
  for (const { line, reason } of summary.reasons) process.stdout.write(`    line ${line}: ${reason}\n`);
}
