/** Longest name that is compared; the comparison is quadratic in it. */
const MAX_COMPARED = 64;

/**
 * Finds the known name that a mistyped one most likely stands for: letters compare without case, and at most a third of
 * them differ. The first of equally close names wins. Returns undefined when none is close.
 */
export function closestName(typed: string, known: Iterable<string>): string | undefined {
  if (typed.length > MAX_COMPARED) return undefined;
  const allowed = Math.floor(typed.length / 3);
  let best: string | undefined;
  let bestDistance = allowed + 1;
  for (const name of known) {
    if (name.length > MAX_COMPARED || Math.abs(name.length - typed.length) > allowed) continue;
    const distance = editDistance(typed.toLowerCase(), name.toLowerCase());
    if (distance < bestDistance) {
      best = name;
      bestDistance = distance;
    }
  }
  return best;
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const change = (above[column - 1] ?? 0) + (a.charAt(row - 1) === b.charAt(column - 1) ? 0 : 1);
      current.push(Math.min(change, (above[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    above = current;
  }
  return above[b.length] ?? 0;
}
