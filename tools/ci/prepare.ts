import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { findPostgres, findRabbitmq, installScript, privilege } from '../demo/install.ts';

/*
 * Before the tests: installs what the system tests need and this machine lacks, as root or through sudo.
 * Without either it names the lines to type and goes on: the tests that need a missing program are skipped by name.
 */

/** Where the distributions put Chromium; Google Chrome serves as well. */
const browsers = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

function executable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The Debian packages of the programs that are missing. */
function missingPackages(): string[] {
  return [
    ...(findRabbitmq() === undefined ? ['rabbitmq-server'] : []),
    // Publishers and consumers that are not ours, for the tests of the tracer.
    ...(executable('/usr/bin/amqp-publish') ? [] : ['amqp-tools']),
    ...(findPostgres() === undefined ? ['postgresql'] : []),
    ...(browsers.some(executable) ? [] : ['chromium']),
  ];
}

function explain(missing: readonly string[]): void {
  const lines = [
    `The system tests need ${missing.join(', ')}; without them they are skipped. To install them (Debian, Ubuntu):`,
    '  sudo apt-get update',
    `  sudo apt-get install -y --no-install-recommends ${missing.join(' ')}`,
  ];
  process.stderr.write(`${lines.join('\n')}\n`);
}

function prepare(): void {
  const missing = missingPackages();
  if (missing.length === 0) return;
  const how = privilege();
  if (how === 'none' || !executable('/usr/bin/apt-get')) return explain(missing);
  process.stderr.write(
    `Installing ${missing.join(', ')} with apt-get ${how === 'root' ? 'as root' : 'through sudo'}; no service is started or enabled.\n`,
  );
  const [command, ...prefix] = how === 'root' ? ['sh'] : ['sudo', '-n', 'sh'];
  try {
    execFileSync(command ?? 'sh', [...prefix, '-ec', installScript, 'install', ...missing], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  } catch {
    process.stderr.write('apt-get could not install them.\n');
    explain(missing);
  }
}

prepare();
