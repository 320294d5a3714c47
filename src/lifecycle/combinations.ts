import type { Lifecycle } from './definition.ts';
import { reach } from './graph.ts';
import type { Finding, Path } from './problem.ts';
import { explore, type Product, type ProductMove } from './product.ts';

/** Most combinations of statuses of regions that guards couple; all of them are looked at. */
export const MAX_COMBINATIONS = 1_000_000;

/** Where the guards of a definition stand in its file. */
export interface GuardPaths {
  /** By transition of the lifecycle: the place of the guard, or of the transition. */
  readonly transitions: readonly Path[];
  /** By region. */
  readonly starts: ReadonlyMap<string | null, Path>;
}

/**
 * Checks regions that guards couple: each guard holds in some combination that orders can reach, from every such combination an order
 * can still be complete, and where all regions are complete none may still begin.
 *
 * That is soundness of the product net. Regions that no guard couples cannot disturb one another and have been checked one by one, so
 * only connected groups are combined. Expects a definition in which each region by itself is sound. A guard that never holds is reported
 * where an order waits for it, and not once more for every status behind it.
 */
export function checkCombinations(lifecycle: Lifecycle, paths: GuardPaths): Finding[] {
  return coupledGroups(lifecycle).flatMap((ids) => {
    const product = explore(lifecycle, ids, MAX_COMBINATIONS);
    if (product === undefined) return [tooMany(ids)];
    const waiting = neverAllowed(product, paths);
    // Where a guard never holds, orders get stuck before it for that reason.
    return waiting.length > 0 ? waiting : [...stuck(product, paths), ...improper(product, paths)];
  });
}

/** Groups of at least two regions that guards connect. */
function coupledGroups({ regions, statuses, transitions }: Lifecycle): readonly (readonly string[])[] {
  const homes = new Map(statuses.map(({ id, region }) => [id, region ?? '']));
  const links = new Map<string, Set<string>>(regions.map(({ id }) => [id, new Set()]));
  const couple = (region: string, guard: readonly string[]): void => {
    for (const other of guard.map((status) => homes.get(status) ?? '')) {
      links.get(region)?.add(other);
      links.get(other)?.add(region);
    }
  };
  for (const { id, startsWhen } of regions) couple(id, startsWhen);
  for (const { from, requires } of transitions) couple(homes.get(from) ?? '', requires);
  const grouped = new Set<string>();
  return regions.flatMap(({ id }) => {
    if (grouped.has(id)) return [];
    const group = reach([id], (each) => links.get(each) ?? []);
    for (const each of group) grouped.add(each);
    return group.size < 2 ? [] : [regions.filter((region) => group.has(region.id)).map((region) => region.id)];
  });
}

function tooMany(ids: readonly string[]): Finding {
  return {
    code: 'too_many_combinations',
    path: ['regions'],
    atKey: true,
    message: `the regions ${ids.map(quote).join(', ')} have more than ${MAX_COMBINATIONS} combinations of statuses that can be reached`,
    remedy: 'Couple fewer regions by guards, or merge statuses in which no other region is interested.',
  };
}

/** Guards that hold in no combination, where the order waits for them. */
function neverAllowed(product: Product, paths: GuardPaths): Finding[] {
  const first = product.regions.map(({ complete }) => complete.map(() => -1));
  const allowed = new Set<ProductMove>();
  for (let at = 0; at < product.size; at += 1) {
    for (const [index, seen] of first.entries()) {
      const local = product.local(at, index);
      if (seen[local] === -1) seen[local] = at;
    }
    product.eachMove(at, (move) => allowed.add(move));
  }
  return product.regions.flatMap(({ moves }, index) =>
    moves.flatMap((each, local) => {
      const at = first[index]?.[local] ?? -1;
      if (at < 0) return [];
      const isReached = (state: number): boolean => (first[index]?.[state] ?? -1) >= 0;
      const dead = each.filter((move) => !allowed.has(move));
      return dead.map((move) => waitsForever(product, { move, at, isReached, path: pathOf(product, move, paths) }));
    }),
  );
}

function waitsForever(
  product: Product,
  found: { move: ProductMove; at: number; isReached: (local: number) => boolean; path: Path },
): Finding {
  const { move, at, isReached, path } = found;
  const { moves, statuses } = product.regions[move.region] ?? { moves: [], statuses: [] };
  const behind = reach([move.to], (local) => (moves[local] ?? []).map(({ to }) => to));
  const lost = [...behind].filter((local) => !isReached(local)).map((local) => statuses[local - 1]);
  const consequence = lost.length === 0 ? '' : `, so that ${listed(lost)} can never be reached`;
  return {
    code: 'never_allowed',
    path,
    message: `${nameOf(product, move)} is never allowed: no order is ever in ${wanted(product, move)} meanwhile${consequence}; it waits ${after(product, at)}`,
    remedy: 'Correct the guard, or lead the other region there while this one waits.',
  };
}

/** The first combination from which no order can be complete. */
function stuck(product: Product, paths: GuardPaths): Finding[] {
  const finishing = new Uint8Array(product.size);
  const queue: number[] = [];
  for (let at = 0; at < product.size; at += 1) {
    if (!product.isComplete(at)) continue;
    finishing[at] = 1;
    queue.push(at);
  }
  for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
    product.eachBefore(at, (before) => {
      if (finishing[before] === 1) return;
      finishing[before] = 1;
      queue.push(before);
    });
  }
  const bad = finishing.indexOf(0);
  if (bad < 0) return [];
  const { move, at } = blockedBehind(product, bad);
  const trap = at === bad ? '' : `, at the latest ${after(product, at)}`;
  const path = move === undefined ? ['regions'] : pathOf(product, move, paths);
  const waiting = move === undefined ? '' : `: ${nameOf(product, move)} waits for ${wanted(product, move)}${trap}`;
  const count = finishing.reduce((sum, each) => sum + 1 - each, 0);
  const others = count === 1 ? '' : `; ${count} combinations are like that`;
  return [
    {
      code: 'stuck_regions',
      path,
      message: `an order can never be complete ${after(product, bad)}${waiting}${others}`,
      remedy: 'Let the guard also hold in the statuses that follow, or keep the other region from moving on before.',
    },
  ];
}

function movesOf(product: Product, at: number): readonly { readonly move: ProductMove; readonly to: number }[] {
  const moves: { readonly move: ProductMove; readonly to: number }[] = [];
  product.eachMove(at, (move, to) => moves.push({ move, to }));
  return moves;
}

/**
 * A move for which an order waits in vain in a combination behind this one: its guard holds in none of them. Where each holds in some,
 * but never when it would help, the first that is waited for.
 */
function blockedBehind(product: Product, bad: number): { move: ProductMove | undefined; at: number } {
  const behind = reach([bad], (at) => movesOf(product, at).map(({ to }) => to));
  const allowed = new Set<ProductMove>();
  for (const at of behind) product.eachMove(at, (move) => allowed.add(move));
  let first: { move: ProductMove; at: number } | undefined;
  for (const at of behind) {
    for (const [index, { moves, complete }] of product.regions.entries()) {
      const local = product.local(at, index);
      if (complete[local] === true) continue;
      for (const move of moves[local] ?? []) {
        if (product.holds(at, move)) continue;
        if (!allowed.has(move)) return { move, at };
        first ??= { move, at };
      }
    }
  }
  return first ?? { move: undefined, at: bad };
}

/** Regions that may begin though all are complete. */
function improper(product: Product, paths: GuardPaths): Finding[] {
  const reported = new Set<ProductMove>();
  const findings: Finding[] = [];
  for (let at = 0; at < product.size; at += 1) {
    if (!product.isComplete(at)) continue;
    for (const { move } of movesOf(product, at)) {
      if (move.reopen || move.from === move.to || reported.has(move)) continue;
      reported.add(move);
      findings.push({
        code: 'improper_completion',
        path: pathOf(product, move, paths),
        message: `${nameOf(product, move)} is still allowed though the order is complete ${after(product, at)}`,
        remedy: 'Let the guard hold only in statuses that are not final, or make the region required.',
      });
    }
  }
  return findings;
}

function pathOf(product: Product, { transition, region }: ProductMove, { transitions, starts }: GuardPaths): Path {
  if (transition !== null) return transitions[transition] ?? ['transitions'];
  return starts.get(product.regions[region]?.id ?? null) ?? ['regions'];
}

function nameOf({ regions }: Product, { region, from, status, transition }: ProductMove): string {
  const { id = '', statuses = [] } = regions[region] ?? {};
  return transition === null
    ? `the start of the region ${quote(id ?? '')}`
    : `the move ${quote(statuses[from - 1])} → ${quote(status)}`;
}

function wanted({ regions }: Product, { requires }: ProductMove): string {
  return requires
    .map(({ region, states }) => [...states].map((local) => quote(regions[region]?.statuses[local - 1])).join(' or '))
    .join(' and in ');
}

/** Most statuses of a way in one message: half of them from its start, half from its end. */
const MAX_WAY = 16;

function after(product: Product, at: number): string {
  const way = product.wayTo(at).map(quote);
  const shown =
    way.length <= MAX_WAY
      ? way
      : [...way.slice(0, MAX_WAY / 2), `… ${way.length - MAX_WAY} more …`, ...way.slice(-MAX_WAY / 2)];
  return way.length === 0 ? 'at the start' : `after ${shown.join(' → ')}`;
}

/** Most names in one message. */
const MAX_LISTED = 5;

function listed(names: readonly (string | undefined)[]): string {
  const shown = names.slice(0, MAX_LISTED).map(quote).join(', ');
  return names.length > MAX_LISTED ? `${shown} and ${names.length - MAX_LISTED} more` : shown;
}

function quote(name: string | undefined): string {
  return `\`${name ?? ''}\``;
}
