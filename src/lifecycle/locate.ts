import { type Document, isAlias, isMap, isNode, isScalar, isSeq, type LineCounter, type Node, type Pair } from 'yaml';
import type { Path } from './problem.ts';

/** A place in a text: line and column from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/**
 * Finds the line of a place in a YAML document: the deepest part of the path that exists. With `atKey` it is the last key
 * of the path instead of its value. A path that goes on behind an alias leads to the text that the alias repeats.
 */
export function locate(document: Document, lines: LineCounter, path: Path, atKey = false): Place {
  let node = resolveAlias(document, document.contents);
  let offset = node?.range?.[0] ?? 0;
  for (const [depth, segment] of path.entries()) {
    const last = depth === path.length - 1;
    const step = child(node, segment);
    if (step === undefined) break;
    offset = (last && atKey ? undefined : step.value?.range?.[0]) ?? step.key?.range?.[0] ?? offset;
    node = resolveAlias(document, step.value);
  }
  return placeOf(lines, offset);
}

/** Converts an offset into the text; offsets before the first line count as its start. */
export function placeOf(lines: LineCounter, offset: number): Place {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

interface Step {
  readonly key: Node | null;
  readonly value: Node | null;
}

function child(node: Node | null, segment: string | number): Step | undefined {
  if (isSeq(node)) {
    const item = node.items[Number(segment)];
    return item === undefined ? undefined : { key: null, value: isNode(item) ? item : null };
  }
  if (!isMap(node)) return undefined;
  const pair: Pair | undefined = node.items.find(
    (candidate) => isScalar(candidate.key) && String(candidate.key.value) === String(segment),
  );
  if (pair === undefined) return undefined;
  return { key: isNode(pair.key) ? pair.key : null, value: isNode(pair.value) ? pair.value : null };
}

function resolveAlias(document: Document, node: Node | null): Node | null {
  return isAlias(node) ? (node.resolve(document) ?? null) : node;
}
