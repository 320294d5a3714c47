import { expect, it } from 'vitest';
import { moduleFile } from './module-file.ts';

it('stands beside whoever runs it, with the same ending', () => {
  expect(moduleFile('file:///a/src/store/supervisor.ts', './server').href).toBe('file:///a/src/store/server.ts');
  expect(moduleFile('file:///a/dist/src/main/cli.js', '../bench/load').href).toBe('file:///a/dist/src/bench/load.js');
});
