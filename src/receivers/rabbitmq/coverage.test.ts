import { describe, expect, it } from 'vitest';
import { Coverage } from './coverage.ts';

describe('Coverage', () => {
  it('counts from its first look, and queues that come later from nothing', () => {
    const coverage = new Coverage();
    coverage.count([{ queue: 'old', published: 1000, delivered: 900 }], true);
    coverage.see('old');
    coverage.see('new');
    coverage.count(
      [
        { queue: 'old', published: 1002, delivered: 902 },
        { queue: 'new', published: 1, delivered: 0 },
      ],
      false,
    );
    expect(coverage.queues()).toEqual([
      { queue: 'old', seen: 1, counted: 4, share: 0.25 },
      { queue: 'new', seen: 1, counted: 1, share: 1 },
    ]);
    expect(coverage.total()).toEqual({ seen: 2, counted: 5, share: 0.4 });
  });

  it('goes on over a restart of the broker, whose counters begin at nothing', () => {
    const coverage = new Coverage();
    coverage.count([{ queue: 'q', published: 100, delivered: 100 }], true);
    for (let index = 0; index < 10; index += 1) coverage.see('q');
    coverage.count([{ queue: 'q', published: 105, delivered: 105 }], false);
    coverage.count([{ queue: 'q', published: 0, delivered: 0 }], false);
    for (let index = 0; index < 2; index += 1) coverage.see('q');
    coverage.count([{ queue: 'q', published: 2, delivered: 2 }], false);
    expect(coverage.total()).toEqual({ seen: 12, counted: 14, share: 12 / 14 });
  });

  it('is not above everything where the figures of the broker come late', () => {
    const coverage = new Coverage();
    coverage.count([{ queue: 'q', published: 0, delivered: 0 }], true);
    for (let index = 0; index < 5; index += 1) coverage.see('q');
    coverage.count([{ queue: 'q', published: 3, delivered: 0 }], false);
    expect(coverage.total()).toEqual({ seen: 3, counted: 3, share: 1 });
  });
});
