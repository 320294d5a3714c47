import { describe, expect, it } from 'vitest';
import type { Span } from '../../../src/api/contract/index.ts';
import { keyMove } from './keyboard.ts';
import { buildTree, visibleRows } from './tree.ts';

const span = (spanId: string, parentSpanId: string | null, offsetMs: number): Span => ({
  spanId,
  parentSpanId,
  name: spanId,
  kind: 'internal',
  service: 'shop-api',
  startedAt: '2026-11-22T12:00:00Z',
  offsetMs,
  durationMs: 1,
  status: { code: 'unset', message: '' },
  orderId: null,
  orderNamed: false,
  attributes: [],
  events: [],
  links: [],
  scope: { name: '', version: '' },
  resourceId: '',
});
const tree = buildTree([span('a', null, 0), span('b', 'a', 1), span('c', 'b', 2), span('d', 'a', 3)]);
const move = (key: string, cursor: string | undefined, collapsed: readonly string[] = []) =>
  keyMove(key, visibleRows(tree, new Set(collapsed)), cursor, new Set(collapsed));

describe('keyMove', () => {
  it('walks the visible rows and stops at the ends', () => {
    expect(move('ArrowDown', 'a')).toEqual({ kind: 'go', span: 'b' });
    expect(move('ArrowDown', 'b', ['b'])).toEqual({ kind: 'go', span: 'd' });
    expect(move('ArrowDown', 'd')).toEqual({ kind: 'go', span: 'd' });
    expect(move('ArrowUp', 'a')).toEqual({ kind: 'go', span: 'a' });
    expect(move('End', 'a')).toEqual({ kind: 'go', span: 'd' });
  });

  it('starts at the first row when nothing is chosen', () => {
    expect(move('ArrowDown', undefined)).toEqual({ kind: 'go', span: 'a' });
  });

  it('collapses before it leaves to the parent, and expands before it enters', () => {
    expect(move('ArrowLeft', 'b')).toEqual({ kind: 'collapse', span: 'b' });
    expect(move('ArrowLeft', 'b', ['b'])).toEqual({ kind: 'go', span: 'a' });
    expect(move('ArrowRight', 'b', ['b'])).toEqual({ kind: 'expand', span: 'b' });
    expect(move('ArrowRight', 'b')).toEqual({ kind: 'go', span: 'c' });
    expect(move('ArrowRight', 'c')).toBeUndefined();
  });

  it('opens and closes the details', () => {
    expect(move('Enter', 'c')).toEqual({ kind: 'open', span: 'c' });
    expect(move('Escape', 'c')).toEqual({ kind: 'close' });
    expect(move('x', 'c')).toBeUndefined();
  });
});
