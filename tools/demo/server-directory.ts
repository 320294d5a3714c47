import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, chownSync, lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DemoError } from './demo-error.ts';
import type { Account } from './processes.ts';

/** The system account with this name, read from /etc/passwd; undefined when there is none. */
export function systemAccount(name: string): Account | undefined {
  const row = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .find((fields) => fields[0] === name);
  const uid = Number(row?.[2]);
  const gid = Number(row?.[3]);
  return Number.isInteger(uid) && Number.isInteger(gid) ? { uid, gid } : undefined;
}

/**
 * Makes a private directory for a server; returns its path.
 *
 * With an account the directory belongs to that account. Where the account cannot reach the wanted place (a checkout
 * in /root, say), the directory is made under /var/tmp instead, with a name derived from the wanted one.
 */
export function serverDirectory(wanted: string, account: Account | undefined): string {
  const directory = resolve(wanted);
  mkdirSync(dirname(directory), { recursive: true });
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (account === undefined) return directory;
  chownSync(directory, account.uid, account.gid);
  if (reachable(directory, account)) return directory;
  rmSync(directory, { recursive: true, force: true });
  const substitute = substituteDirectory(wanted);
  try {
    mkdirSync(substitute, { mode: 0o700 });
    chownSync(substitute, account.uid, account.gid);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  // /var/tmp is everybody's: a directory that somebody else put there under our name is not used.
  const found = lstatSync(substitute);
  if (!found.isDirectory() || found.uid !== account.uid) {
    throw new DemoError(`${substitute} exists and does not belong to the account that runs the server.`, {
      remedy: [`Remove it, or choose a place that the account can read with --data-dir.`],
    });
  }
  chmodSync(substitute, 0o700);
  return substitute;
}

/** Where {@link serverDirectory} goes when the wanted place cannot be reached. */
export function substituteDirectory(wanted: string): string {
  return `/var/tmp/waybill-demo-${createHash('sha256').update(resolve(wanted)).digest('hex').slice(0, 12)}`;
}

/** Removes what {@link serverDirectory} made for this wanted place, wherever that is. */
export function removeServerDirectory(wanted: string): void {
  for (const directory of possibleDirectories(wanted)) rmSync(directory, { recursive: true, force: true });
}

/** The wanted place, and the substitute for it when it exists and belongs to us or to the servers' account. */
export function possibleDirectories(wanted: string): string[] {
  const substitute = substituteDirectory(wanted);
  const ours = [process.getuid?.(), process.getuid?.() === 0 ? systemAccount('postgres')?.uid : undefined];
  const found = lstatSync(substitute, { throwIfNoEntry: false });
  return found?.isDirectory() === true && ours.includes(found.uid) ? [wanted, substitute] : [wanted];
}

function reachable(directory: string, account: Account): boolean {
  const probe = 'cd -- "$1" && : > .probe && rm .probe';
  return (
    spawnSync('/bin/sh', ['-c', probe, 'probe', directory], { ...account, cwd: '/', stdio: 'ignore' }).status === 0
  );
}

/** The secret kept in a file of mode 0600, generated (144 random bits, URL-safe) when the file is not there. */
export function keptSecret(file: string, account?: Account): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    const secret = randomBytes(18).toString('base64url');
    writeFileSync(file, `${secret}\n`, { mode: 0o600, flag: 'wx' });
    if (account !== undefined) chownSync(file, account.uid, account.gid);
    return secret;
  }
}
