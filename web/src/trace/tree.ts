import type { Span } from '../../../src/api/contract/index.ts';
import { findParents } from '../../../src/model/span-parents.ts';

/** A span in the tree of its trace. */
export interface TreeNode {
  readonly span: Span;
  /** Names the node within its trace: the span id; the called half of a shared span also says its kind (`id.server`). */
  readonly key: string;
  readonly children: readonly TreeNode[];
  readonly depth: number;
  /** Spans below this one. */
  readonly descendants: number;
  /** The span names a parent that is not in the trace; it stands at the top level instead. */
  readonly orphan: boolean;
  /** How long before its parent the span starts, beyond what rounding explains; ms, 0 when clocks agree. */
  readonly skewMs: number;
  readonly parent: Span | undefined;
  /** Key of the parent. */
  readonly parentKey: string | undefined;
  /** Errors in the span and below. */
  readonly errors: number;
}

/** Starts that differ by less are equal: timestamps of different clocks and units never match exactly; ms. */
const SKEW_TOLERANCE_MS = 0.5;

interface Draft {
  span: Span;
  key: string;
  parent: Draft | undefined;
  orphan: boolean;
  children: Draft[];
}

function finish(draft: Draft, depth: number): TreeNode {
  const children = draft.children
    .toSorted((a, b) => a.span.offsetMs - b.span.offsetMs)
    .map((child) => finish(child, depth + 1));
  const early = draft.parent === undefined ? 0 : draft.parent.span.offsetMs - draft.span.offsetMs;
  return {
    span: draft.span,
    key: draft.key,
    children,
    depth,
    descendants: children.reduce((sum, child) => sum + 1 + child.descendants, 0),
    orphan: draft.orphan,
    skewMs: early > SKEW_TOLERANCE_MS ? early : 0,
    parent: draft.parent?.span,
    parentKey: draft.parent?.key,
    errors: (draft.span.status.code === 'error' ? 1 : 0) + children.reduce((sum, child) => sum + child.errors, 0),
  };
}

/** Spans that can be reached from the top level; the rest hangs in a circle of parents. */
function reached(roots: readonly Draft[]): Set<Draft> {
  const seen = new Set<Draft>();
  const stack = [...roots];
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    seen.add(at);
    stack.push(...at.children);
  }
  return seen;
}

/**
 * Builds the tree of a trace: roots and orphans at the top level, children by start. Every span appears exactly once,
 * also where parents are missing or form a circle. The server's half of a shared span (B3) is the child of the client's.
 */
export function buildTree(spans: readonly Span[]): TreeNode[] {
  const parents = findParents(spans);
  const keys = keysOf(spans, parents);
  const drafts = spans.map(
    (span, index): Draft => ({ span, key: keys[index] ?? '', parent: undefined, orphan: false, children: [] }),
  );
  const roots: Draft[] = [];
  for (const [index, draft] of drafts.entries()) {
    const parent = drafts[parents[index] ?? -1];
    if (parent === undefined) {
      draft.orphan = draft.span.parentSpanId !== null;
      roots.push(draft);
    } else {
      draft.parent = parent;
      parent.children.push(draft);
    }
  }
  const seen = reached(roots);
  for (const draft of drafts) {
    if (seen.has(draft)) continue;
    const siblings = draft.parent?.children;
    siblings?.splice(siblings.indexOf(draft), 1);
    draft.parent = undefined;
    draft.orphan = true;
    roots.push(draft);
    for (const below of reached([draft])) seen.add(below);
  }
  return roots.toSorted((a, b) => a.span.offsetMs - b.span.offsetMs).map((root) => finish(root, 0));
}

/** A name for each span: the id, and the kind as well where another span has the name already or is the caller of the same call. */
function keysOf(spans: readonly Span[], parents: Int32Array): string[] {
  const taken = new Set<string>();
  return spans.map(({ spanId, kind }, index) => {
    const isCalledHalf = spans[parents[index] ?? -1]?.spanId === spanId;
    const key = isCalledHalf || taken.has(spanId) ? `${spanId}.${kind}` : spanId;
    taken.add(key);
    return key;
  });
}

/** The rows of the tree from top to bottom without what hangs below a collapsed span. */
export function visibleRows(tree: readonly TreeNode[], collapsed: ReadonlySet<string>): TreeNode[] {
  const rows: TreeNode[] = [];
  const stack = tree.toReversed();
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    rows.push(at);
    if (!collapsed.has(at.key)) stack.push(...at.children.toReversed());
  }
  return rows;
}

/** The keys of the spans from the top level down to the span `key`, without it; empty when it is not in the tree. */
export function ancestors(tree: readonly TreeNode[], key: string): string[] {
  const rows = visibleRows(tree, new Set());
  const parents = new Map(rows.flatMap((row) => row.children.map((child) => [child.key, row.key])));
  const path: string[] = [];
  for (let at = parents.get(key); at !== undefined && !path.includes(at); at = parents.get(at)) path.unshift(at);
  return path;
}

/** Where the bar of a span stands in a trace, in percent of the width; never thinner than what can be seen is up to CSS. */
export interface BarPlace {
  readonly left: number;
  readonly width: number;
}

/** A stretch of time within a trace; unit ms, relative to the start of the trace. */
export interface TimeWindow {
  readonly from: number;
  readonly length: number;
}

/** The window of time that the waterfall shows: all spans, including those that start before the root. Unit ms. */
export function timeWindow(spans: readonly Span[]): TimeWindow {
  let from = Infinity;
  let to = -Infinity;
  for (const span of spans) {
    from = Math.min(from, span.offsetMs);
    to = Math.max(to, span.offsetMs + Math.max(0, span.durationMs));
  }
  return spans.length === 0 ? { from: 0, length: 1 } : { from, length: Math.max(to - from, 0.001) };
}

/** Places a bar within the window. */
export function barPlace(span: Span, window: TimeWindow): BarPlace {
  return {
    left: ((span.offsetMs - window.from) / window.length) * 100,
    width: (Math.max(0, span.durationMs) / window.length) * 100,
  };
}

/** Round offsets for the ruler of a window: between 3 and 7 of them. Unit ms, relative to the start of the window. */
export function rulerTicks(lengthMs: number): number[] {
  const rough = lengthMs / 6;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough) ?? rough;
  const count = Math.floor(lengthMs / step + 1e-9);
  return Array.from({ length: count + 1 }, (_, index) => index * step);
}
