import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/*
 * Runs every check and every test, one after another and whatever fails, and closes with one line of counts.
 * A check counts as one; the tests count themselves. Exit code 1 where something failed.
 */

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const root = resolve(import.meta.dirname, '../..');
const checks = ['check:format', 'check:lint', 'check:types', 'check:dead'];

/** Runs an npm script with its output on ours; true when it exits with 0. */
function script(name: string, ...args: string[]): boolean {
  process.stdout.write(`\n=== npm run ${name}\n`);
  const { status } = spawnSync('npm', ['run', name, ...(args.length > 0 ? ['--', ...args] : [])], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return status === 0;
}

function check(name: string): Counts {
  return script(name) ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 };
}

/** What vitest's JSON report counts; a run that failed without a failed test (a file that does not load) counts as one. */
function test(): Counts {
  const directory = mkdtempSync(join(tmpdir(), 'waybill-ci-'));
  const file = join(directory, 'tests.json');
  try {
    const ok = script('test', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`);
    const report = JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>;
    const failed = report['numFailedTests'] ?? 0;
    return {
      passed: report['numPassedTests'] ?? 0,
      failed: ok ? failed : Math.max(1, failed),
      skipped: (report['numPendingTests'] ?? 0) + (report['numTodoTests'] ?? 0),
    };
  } catch (error) {
    process.stdout.write(`vitest left no report: ${error instanceof Error ? error.message : 'unknown error'}\n`);
    return { passed: 0, failed: 1, skipped: 0 };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const all = [...checks.map(check), test()];
const total = (pick: (counts: Counts) => number) => all.reduce((sum, counts) => sum + pick(counts), 0);
const skipped = total((counts) => counts.skipped);
const failed = total((counts) => counts.failed);
process.stdout.write(
  `\n${total((counts) => counts.passed)} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`,
);
process.exitCode = failed > 0 ? 1 : 0;
