import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ALLOCATION, NODE_ARGUMENTS } from './own-waybill.ts';

describe('a Waybill of the benchmark', () => {
  it('is started with the arguments and the environment of Node.js that users get', () => {
    const bin = readFileSync(new URL('../../bin/waybill.js', import.meta.url), 'utf8');
    const list = NODE_ARGUMENTS.map((argument) => `'${argument}'`).join(', ');
    expect(bin).toContain(`const NODE_ARGUMENTS = [${list}];`);
    const names = Object.entries(ALLOCATION).map(([name, value]) => `${name}: '${value}'`);
    expect(bin).toContain(`const ALLOCATION = { ${names.join(', ')} };`);
    expect(bin).toContain('env: { ...ALLOCATION, ...process.env }');
  });
});
