import { expect, it } from 'vitest';
import { FORMATS } from './corpus.ts';
import { fuzz } from './fuzz.ts';

it('survives mutated payloads of every format: batches hold together, refusals are errors for bad requests', async () => {
  const reports = await fuzz(2000, 20_261_122);
  for (const format of FORMATS) {
    const { cases, taken } = reports.get(format) ?? { cases: 0, taken: 0 };
    // Mutations that were all taken, or all refused, would have tested nothing.
    expect(taken).toBeGreaterThan(0);
    expect(taken).toBeLessThan(cases);
  }
});
