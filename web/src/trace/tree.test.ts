import { describe, expect, it } from 'vitest';
import type { Span } from '../../../src/api/contract/index.ts';
import { ancestors, barPlace, buildTree, rulerTicks, timeWindow, visibleRows } from './tree.ts';

const id = (name: string): string => name.padStart(16, '0');
const span = (name: string, parent: string | null, offsetMs: number, durationMs = 10): Span => ({
  spanId: id(name),
  parentSpanId: parent === null ? null : id(parent),
  name,
  kind: 'internal',
  service: 'shop-api',
  startedAt: '2026-11-22T12:00:00Z',
  offsetMs,
  durationMs,
  status: { code: name === 'e' ? 'error' : 'unset', message: '' },
  orderId: null,
  orderNamed: false,
  attributes: [],
  events: [],
  links: [],
  scope: { name: '', version: '' },
  resourceId: '',
});
const names = (spans: readonly Span[], collapsed: readonly string[] = []): string[] =>
  visibleRows(buildTree(spans), new Set(collapsed.map(id))).map((row) => `${'.'.repeat(row.depth)}${row.span.name}`);

describe('buildTree', () => {
  it('orders children by start under their parent', () => {
    expect(names([span('c', 'a', 5), span('b', 'a', 2), span('a', null, 0), span('d', 'b', 3)])).toEqual([
      'a',
      '.b',
      '..d',
      '.c',
    ]);
  });

  it('shows a span whose parent is missing at the top level, as an orphan', () => {
    const tree = buildTree([span('a', null, 0), span('b', 'x', 4)]);
    expect(tree.map((node) => [node.span.name, node.orphan])).toEqual([
      ['a', false],
      ['b', true],
    ]);
  });

  it('loses no span when parents form a circle', () => {
    expect(names([span('a', 'b', 0), span('b', 'a', 1), span('c', 'b', 2)])).toHaveLength(3);
    expect(names([span('a', 'a', 0)])).toEqual(['a']);
  });

  it('puts the server’s half of a shared span below the client’s, each under a key of its own', () => {
    const client: Span = { ...span('b', 'a', 4), kind: 'client' };
    const server: Span = { ...span('b', 'a', 3), kind: 'server', service: 'mes-api' };
    const work: Span = { ...span('c', 'b', 5), service: 'mes-api' };
    const spans = [server, span('a', null, 0), client, work];
    const rows = visibleRows(buildTree(spans), new Set());
    expect(rows.map(({ key, depth, parentKey }) => [key, depth, parentKey])).toEqual([
      [id('a'), 0, undefined],
      [id('b'), 1, id('a')],
      [`${id('b')}.server`, 2, id('b')],
      [id('c'), 3, `${id('b')}.server`],
    ]);
    expect(ancestors(buildTree(spans), id('c'))).toEqual([id('a'), id('b'), `${id('b')}.server`]);
    expect(visibleRows(buildTree(spans), new Set([`${id('b')}.server`]))).toHaveLength(3);
  });

  it('notes how long before its parent a span starts', () => {
    const [root] = buildTree([span('a', null, 100), span('b', 'a', 60)]);
    expect(root?.children[0]?.skewMs).toBe(40);
    expect(root?.skewMs).toBe(0);
  });

  it('counts errors and spans below', () => {
    const [root] = buildTree([span('a', null, 0), span('b', 'a', 1), span('e', 'b', 2)]);
    expect(root).toMatchObject({ errors: 1, descendants: 2 });
  });
});

describe('visibleRows', () => {
  it('hides what hangs below a collapsed span', () => {
    const spans = [span('a', null, 0), span('b', 'a', 1), span('c', 'b', 2), span('d', 'a', 3)];
    expect(names(spans, ['b'])).toEqual(['a', '.b', '.d']);
  });
});

describe('ancestors', () => {
  it('names the way from the top to a span', () => {
    const tree = buildTree([span('a', null, 0), span('b', 'a', 1), span('c', 'b', 2)]);
    expect(ancestors(tree, id('c'))).toEqual([id('a'), id('b')]);
    expect(ancestors(tree, id('x'))).toEqual([]);
  });
});

describe('timeWindow and barPlace', () => {
  it('include spans that start before the root and survive negative durations', () => {
    const spans = [span('a', null, 0, 100), span('b', 'a', -25, 10), span('c', 'a', 20, -5)];
    const window = timeWindow(spans);
    expect(window).toEqual({ from: -25, length: 125 });
    expect(spans.map((each) => barPlace(each, window))).toEqual([
      { left: 20, width: 80 },
      { left: 0, width: 8 },
      { left: 36, width: 0 },
    ]);
  });
});

describe('rulerTicks', () => {
  it.each([0.004, 1, 137, 24_300])('gives a handful of round ticks for %d ms', (length) => {
    const ticks = rulerTicks(length);
    expect(ticks.length).toBeGreaterThanOrEqual(3);
    expect(ticks.length).toBeLessThanOrEqual(8);
    expect(ticks[0]).toBe(0);
  });
});
