#!/usr/bin/env node
// Starts Waybill on the Node.js that its package brings, whatever Node.js the shell has: the engine needs Node 24.
// In a checkout it runs the TypeScript sources, in an installed package their JavaScript.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const sources = join(root, 'src/main/cli.ts');
const entry = existsSync(sources) ? sources : join(root, 'dist/src/main/cli.js');

// By V8's own limits garbage lies about in heaps of twice what is alive. At 10,000 spans a second these two cost no time that can be
// measured, and the server has 220 MB instead of the 257 that it has with a young heap of 8 and growth as V8 likes it.
const NODE_ARGUMENTS = ['--max-semi-space-size=4', '--heap-growing-percent=50'];

// glibc keeps a heap for each thread and, after the first large buffer was freed, large ones within them: 20 to 25 MB that nobody uses.
// Other C libraries do not read these. A shell that sets them knows better.
const ALLOCATION = { MALLOC_ARENA_MAX: '2', MALLOC_TRIM_THRESHOLD_: '131072', MALLOC_MMAP_THRESHOLD_: '131072' };

function nodeBinary() {
  try {
    const name = process.platform === 'win32' ? 'node.exe' : 'node';
    const bundled = join(dirname(createRequire(import.meta.url).resolve('node/package.json')), 'bin', name);
    if (existsSync(bundled)) return bundled;
  } catch {
    // Installed without its dependency.
  }
  return Number.parseInt(process.versions.node, 10) >= 24 ? process.execPath : undefined;
}

const node = nodeBinary();
if (node === undefined) {
  console.error(
    `waybill: it needs Node.js 24, and the one that its package brings is missing (this is ${process.version})`,
  );
  console.error('  → npm rebuild node   (npm skips the install script of a package with --ignore-scripts)');
  process.exit(1);
}
const child = spawn(node, [...NODE_ARGUMENTS, entry, ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...ALLOCATION, ...process.env },
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('error', (error) => {
  console.error(`waybill: cannot start Node.js: ${error.message}`);
  process.exitCode = 1;
});
child.on('exit', (code, signal) => {
  process.exitCode = code ?? (signal === null ? 1 : 128);
});
