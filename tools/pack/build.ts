import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

/*
 * Makes what the package ships: JavaScript of the server, its SQL files and the web bundle.
 * npm runs it before `npm pack`: Node.js strips no types below node_modules, so an installed package needs JavaScript.
 */

const root = resolve(import.meta.dirname, '../..');
const from = (...path: string[]) => join(root, ...path);

function run(program: string, ...args: string[]): void {
  // npm reads the package's description from our standard output (`npm pack --json`): what the tools say goes to stderr.
  execFileSync(process.execPath, [from('node_modules', program), ...args], { cwd: root, stdio: ['ignore', 2, 2] });
}

// Files whose sources are gone must not be shipped.
rmSync(from('dist/src'), { recursive: true, force: true });
// --force: the compiler's notes say that everything is emitted already.
run('typescript/bin/tsc', '-b', 'src/main', '--force');
cpSync(from('src/store/schema'), from('dist/src/store/schema'), { recursive: true });
run('vite/bin/vite.js', 'build', '--config', 'web/vite.config.ts', '--logLevel', 'warn');

for (const file of ['dist/src/main/cli.js', 'dist/src/store/schema/0001_resources.sql', 'dist/web/index.html']) {
  if (!existsSync(from(file))) throw new Error(`the build did not make ${file}`);
}
