import type { TreeNode } from './tree.ts';

/** What a key does to the cursor of the waterfall; `span` is the key of a node of the tree. */
export type Move =
  | { readonly kind: 'go'; readonly span: string }
  | { readonly kind: 'collapse' | 'expand' | 'open'; readonly span: string }
  | { readonly kind: 'close' };

/**
 * Reads a key the way trees do: up and down walk the visible rows, right expands and then enters, left collapses and
 * then leaves to the parent, Home and End jump, Enter opens the details, Escape closes them. Undefined: not for us.
 */
export function keyMove(
  key: string,
  rows: readonly TreeNode[],
  cursor: string | undefined,
  collapsed: ReadonlySet<string>,
): Move | undefined {
  if (key === 'Escape') return { kind: 'close' };
  const index = rows.findIndex((row) => row.key === cursor);
  const go = (to: number): Move | undefined => {
    const row = rows[Math.min(Math.max(to, 0), rows.length - 1)];
    return row === undefined ? undefined : { kind: 'go', span: row.key };
  };
  if (key === 'ArrowDown') return go(index + 1);
  if (key === 'ArrowUp') return go(index - 1);
  if (key === 'PageDown') return go(index + 15);
  if (key === 'PageUp') return go(index - 15);
  if (key === 'Home') return go(0);
  if (key === 'End') return go(rows.length - 1);
  const row = rows[index];
  if (row === undefined) return undefined;
  const { key: span, parentKey } = row;
  if (key === 'Enter' || key === ' ') return { kind: 'open', span };
  const folded = collapsed.has(span);
  if (key === 'ArrowRight' && row.children.length > 0) return folded ? { kind: 'expand', span } : go(index + 1);
  if (key === 'ArrowLeft') {
    if (row.children.length > 0 && !folded) return { kind: 'collapse', span };
    return parentKey === undefined ? undefined : { kind: 'go', span: parentKey };
  }
  return undefined;
}
