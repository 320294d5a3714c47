/** Everything that can be reached from the starts, the starts included. Breadth first, so the set's order is by distance. */
export function reach<Node>(starts: Iterable<Node>, next: (node: Node) => Iterable<Node>): Set<Node> {
  // A Set iterates over what is added meanwhile, which makes it its own queue.
  const reached = new Set(starts);
  for (const node of reached) for (const successor of next(node)) reached.add(successor);
  return reached;
}

/**
 * The nodes strictly between `from` and `to` on the shortest way of at least one edge; undefined when there is no way.
 * Of equally short ways the one that `next` lists first wins, decided at the earliest node where they differ.
 */
export function shortestWay<Node>(
  from: Node,
  to: Node,
  next: (node: Node) => Iterable<Node>,
): readonly Node[] | undefined {
  const before = new Map<Node, Node>();
  const queue = new Set([from]);
  for (const node of queue) {
    for (const successor of next(node)) {
      if (successor === to) return wayTo(node, from, before);
      if (!queue.has(successor)) {
        queue.add(successor);
        before.set(successor, node);
      }
    }
  }
  return undefined;
}

function wayTo<Node>(last: Node, from: Node, before: ReadonlyMap<Node, Node>): readonly Node[] {
  const way: Node[] = [];
  for (let node: Node | undefined = last; node !== undefined && node !== from; node = before.get(node)) way.push(node);
  return way.toReversed();
}
