import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DemoError, throwIfInterrupted } from './demo-error.ts';
import { type LineSink, runToEnd } from './processes.ts';

/** What the web application is made of, relative to the checkout. */
const sources = ['web', 'src/api/contract', 'src/model', 'package-lock.json'];

/** True when `dist/web/index.html` is missing or older than any of its sources. */
export function webBundleIsStale(checkout: string): boolean {
  const built = statSync(join(checkout, 'dist/web/index.html'), { throwIfNoEntry: false })?.mtimeMs;
  return built === undefined || sources.some((source) => newest(join(checkout, source)) > built);
}

/**
 * Builds the web application when it is missing or old.
 *
 * @returns whether it was built now
 * @throws DemoError with the end of the build's output.
 */
export async function ensureWebBundle(
  checkout: string,
  options: { log: LineSink; logPath: string; signal?: AbortSignal },
): Promise<boolean> {
  if (!webBundleIsStale(checkout)) return false;
  const errors: string[] = [];
  const log: LineSink = (line) => {
    // Vite's message follows a line with "error", and a stack that helps nobody follows the message.
    if (errors.length < 6 && (errors.length > 0 || /error/i.test(line))) errors.push(line);
    options.log(line);
  };
  const { code, tail } = await runToEnd(
    {
      name: 'vite',
      command: process.execPath,
      args: [join(checkout, 'node_modules/vite/bin/vite.js'), 'build', '--config', 'web/vite.config.ts'],
      cwd: checkout,
      log,
      stopMs: 2000,
    },
    options.signal,
  );
  throwIfInterrupted(options.signal);
  if (code === 0) return true;
  throw new DemoError('The web application could not be built.', {
    remedy: [...(errors.length > 0 ? errors : tail.slice(-5)), `Log: ${options.logPath}`],
  });
}

/** The newest modification below a path, in epoch milliseconds; 0 when it does not exist. */
function newest(path: string): number {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return 0;
  if (!found.isDirectory()) return found.mtimeMs;
  return Math.max(
    found.mtimeMs,
    ...readdirSync(path)
      .filter((name) => name !== 'node_modules')
      .map((name) => newest(join(path, name))),
  );
}
