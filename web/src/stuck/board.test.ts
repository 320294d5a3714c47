import { describe, expect, it } from 'vitest';
import { rarity, type StuckOrder, stuckColumns } from './board.ts';

const order = (orderId: string, status: string, survival: number | null, ageMs = 100, targetMs = 50): StuckOrder => ({
  orderId,
  status,
  since: '2026-11-22T12:00:00Z',
  ageMs,
  targetMs,
  overTarget: true,
  survival,
  deviationCount: 0,
  lastFailure: null,
  lastEvidence: null,
  lastMessage: null,
  deadLetterCount: 0,
});

describe('stuckColumns', () => {
  it('keeps the order of the lifecycle, with empty columns, and puts unknown statuses last', () => {
    const columns = stuckColumns([order('1', 'X', null), order('2', 'B', 0.1)], ['A', 'B']);
    expect(columns.map((column) => [column.status, column.orders.length])).toEqual([
      ['A', 0],
      ['B', 1],
      ['X', 1],
    ]);
  });

  it('puts the least probable first and the unknown last, by how far they are past their target', () => {
    const orders = [
      order('near', 'A', null, 60),
      order('far', 'A', null, 90),
      order('rare', 'A', 0.01),
      order('usual', 'A', 0.3),
    ];
    expect(stuckColumns(orders, ['A'])[0]?.orders.map(({ orderId }) => orderId)).toEqual([
      'rare',
      'usual',
      'far',
      'near',
    ]);
  });
});

describe('rarity', () => {
  it.each([
    [null, { kind: 'unknown' }],
    [0, { kind: 'fewer', share: 0.005 }],
    [0.02, { kind: 'only', share: 0.02 }],
    [0.4, { kind: 'share', share: 0.4 }],
  ] as const)('puts %s into words', (survival, expected) => {
    expect(rarity(survival, 0.05)).toEqual(expected);
  });
});
