/** A stretch of a way: a status, and how many times it came in a row. */
export interface Link {
  readonly status: string;
  readonly times: number;
}

/** The way as drawn: the first links, how many are left out, and the last ones. */
export interface Chain {
  readonly head: readonly Link[];
  readonly leftOut: number;
  readonly tail: readonly Link[];
}

/** Makes a way short: repetitions in a row become one link, and the middle of more than `most` links is left out. */
export function chain(statuses: readonly string[], most: number): Chain {
  const links: { status: string; times: number }[] = [];
  for (const status of statuses) {
    const last = links.at(-1);
    if (last?.status === status) last.times += 1;
    else links.push({ status, times: 1 });
  }
  if (links.length <= most) return { head: links, leftOut: 0, tail: [] };
  const tail = Math.floor(most / 3);
  return { head: links.slice(0, most - tail), leftOut: links.length - most, tail: links.slice(links.length - tail) };
}
