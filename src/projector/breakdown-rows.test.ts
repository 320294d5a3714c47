import { describe, expect, it } from 'vitest';
import { placeWork } from '../lifecycle/dwell/breakdown.ts';
import type { WorkSpan } from '../model/work-span.ts';
import { type BreakdownRow, changedRows, toBreakdownRows } from './breakdown-rows.ts';

const span = (spanId: string, start: bigint, end: bigint): WorkSpan => ({
  traceId: 't',
  spanId,
  parentSpanId: null,
  service: 'mes',
  kind: 'internal',
  start,
  end,
  messaging: null,
  peer: '',
  links: [],
});
const visits = [
  { status: 'A', enteredAt: 0n, leftAt: 100n },
  { status: 'B', enteredAt: 100n, leftAt: 300n },
];
const rows = (spans: WorkSpan[], of = visits): BreakdownRow[] => toBreakdownRows('order', of, placeWork(spans));
const outline = (changed: BreakdownRow[]) =>
  changed.map((row) => `${row.is_deleted === 1 ? 'delete' : 'write'} ${row.status} ${row.left}`);

describe('rows of breakdowns', () => {
  it('hold what falls into each visit', () => {
    expect(rows([span('1', 50n, 150n)])).toMatchObject([
      { status: 'A', dwell_nano: 100n, services: ['mes'], service_nanos: [50n], idle_nano: 50n, spans: 1 },
      { status: 'B', dwell_nano: 200n, services: ['mes'], service_nanos: [50n], idle_nano: 150n, spans: 1 },
    ]);
  });

  it('are written only where they are new or say something else', () => {
    const known = rows([span('1', 10n, 20n)]);
    expect(changedRows(known, [])).toEqual(known);
    expect(changedRows(known, known)).toEqual([]);
    expect(outline(changedRows(rows([span('1', 10n, 20n), span('2', 150n, 160n)]), known))).toEqual(['write B 300']);
  });

  it('leave a deleted row for a visit that turned out otherwise, and come back when it was right after all', () => {
    const known = rows([span('1', 10n, 20n)]);
    const moved = rows([span('1', 10n, 20n)], [{ status: 'A', enteredAt: 0n, leftAt: 90n }]);
    const changed = changedRows(moved, known);
    expect(outline(changed)).toEqual(['write A 90', 'delete A 100', 'delete B 300']);
    const afterwards = changed.filter(({ left }) => left !== 90n);
    expect(outline(changedRows(known, [...moved, ...afterwards]))).toEqual([
      'write A 100',
      'write B 300',
      'delete A 90',
    ]);
  });

  it('stay where spans are missing now: their retention is over', () => {
    expect(changedRows(rows([]), rows([span('1', 10n, 20n)]))).toEqual([]);
  });
});
