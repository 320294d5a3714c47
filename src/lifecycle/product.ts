import type { Lifecycle, LifecycleTransition } from './definition.ts';

/** Part of a guard: one region of the product must be in one of these local states. */
interface LocalRequirement {
  readonly region: number;
  readonly states: ReadonlySet<number>;
}

/** A step of one region. */
export interface ProductMove {
  readonly region: number;
  readonly from: number;
  readonly to: number;
  /** The status that is entered. */
  readonly status: string;
  readonly requires: readonly LocalRequirement[];
  /** Index into the transitions of the lifecycle; null where the region begins. */
  readonly transition: number | null;
  readonly reopen: boolean;
}

/** A region with its statuses as local states: 0 is "not begun", 1 + i the i-th of its statuses in the order of the definition. */
export interface ProductRegion {
  /** Null on a flat machine. */
  readonly id: string | null;
  readonly statuses: readonly string[];
  readonly optional: boolean;
  /** By local state. */
  readonly moves: readonly (readonly ProductMove[])[];
  /** By local state: whether an order may be complete with the region there. */
  readonly complete: readonly boolean[];
}

/** Every combination of local states that some regions can be in together; combination 0 is "none has begun". */
export interface Product {
  readonly regions: readonly ProductRegion[];
  readonly size: number;
  /** The local state of a region in a combination. */
  local(combination: number, region: number): number;
  /** Whether the other regions are where the move requires them. */
  holds(combination: number, move: ProductMove): boolean;
  /** Visits the moves that a combination allows, with the combination after each. */
  eachMove(combination: number, visit: (move: ProductMove, to: number) => void): void;
  /** Visits the combinations from which one move leads to this one. */
  eachBefore(combination: number, visit: (from: number) => void): void;
  isComplete(combination: number): boolean;
  /** The statuses entered on a shortest way from the start. */
  wayTo(combination: number): readonly string[];
}

/**
 * Finds every combination of local states that an order can reach, breadth first; undefined when there are more than `limit`.
 *
 * @param ids the regions to combine, all that their guards name included; `[null]` for a flat machine
 */
export function explore(lifecycle: Lifecycle, ids: readonly (string | null)[], limit: number): Product | undefined {
  const explorer = new Explorer(compileRegions(lifecycle, ids));
  return explorer.explore(limit) ? explorer : undefined;
}

/** A combination is numbered as it is found, and has a key: its local states as the digits of a number of mixed base. */
class Explorer implements Product {
  readonly regions: readonly ProductRegion[];
  /** By region: the local states, and what one of them is worth in the key. */
  readonly #sizes: readonly number[];
  readonly #weights: readonly number[];
  readonly #arrivals: readonly (readonly (readonly ProductMove[])[])[];
  readonly #keys: number[] = [0];
  readonly #parents: number[] = [0];
  readonly #entered: string[] = [''];
  readonly #numbers = new Numbering();

  constructor(regions: readonly ProductRegion[]) {
    this.regions = regions;
    this.#sizes = regions.map(({ complete }) => complete.length);
    this.#weights = this.#sizes.map((_, index) => productOf(this.#sizes.slice(0, index)));
    this.#numbers.set(0, 0);
    this.#arrivals = regions.map(({ moves }) => {
      const byTarget: ProductMove[][] = moves.map(() => []);
      for (const move of moves.flat()) byTarget[move.to]?.push(move);
      return byTarget;
    });
  }

  /** False when there are more than the limit. */
  explore(limit: number): boolean {
    if (productOf(this.#sizes) > Number.MAX_SAFE_INTEGER) return false;
    for (let at = 0; at < this.#keys.length && at <= limit; at += 1) {
      this.#eachAllowed(at, (move, key) => {
        if (this.#numbers.get(key) !== undefined) return;
        this.#numbers.set(key, this.#keys.length);
        this.#keys.push(key);
        this.#parents.push(at);
        this.#entered.push(move.status);
      });
    }
    return this.#keys.length <= limit;
  }

  get size(): number {
    return this.#keys.length;
  }

  local(combination: number, region: number): number {
    return Math.floor((this.#keys[combination] ?? 0) / (this.#weights[region] ?? 1)) % (this.#sizes[region] ?? 1);
  }

  holds(combination: number, { requires }: ProductMove): boolean {
    for (const { region, states } of requires) if (!states.has(this.local(combination, region))) return false;
    return true;
  }

  eachMove(combination: number, visit: (move: ProductMove, to: number) => void): void {
    this.#eachAllowed(combination, (move, key) => visit(move, this.#numbers.get(key) ?? 0));
  }

  eachBefore(combination: number, visit: (from: number) => void): void {
    const key = this.#keys[combination] ?? 0;
    for (const [index, arrivals] of this.#arrivals.entries()) {
      for (const move of arrivals[this.local(combination, index)] ?? []) {
        // A guard names other regions only, and they are the same before and after the move.
        if (!this.holds(combination, move)) continue;
        const from = this.#numbers.get(key + (move.from - move.to) * (this.#weights[index] ?? 0));
        if (from !== undefined) visit(from);
      }
    }
  }

  isComplete(combination: number): boolean {
    return this.regions.every(({ complete }, index) => complete[this.local(combination, index)] ?? false);
  }

  wayTo(combination: number): readonly string[] {
    const way: string[] = [];
    for (let at = combination; at !== 0; at = this.#parents[at] ?? 0) way.push(this.#entered[at] ?? '');
    return way.toReversed();
  }

  #eachAllowed(combination: number, visit: (move: ProductMove, key: number) => void): void {
    const key = this.#keys[combination] ?? 0;
    for (const [index, { moves }] of this.regions.entries()) {
      for (const move of moves[this.local(combination, index)] ?? []) {
        if (this.holds(combination, move)) visit(move, key + (move.to - move.from) * (this.#weights[index] ?? 0));
      }
    }
  }
}

/** Numbers by key: a hash table with open addressing, because a Map of a million large keys is several times as slow. */
class Numbering {
  /** The key plus 1; 0 is free. */
  #keys = new Float64Array(1024);
  #numbers = new Int32Array(1024);
  #used = 0;

  get(key: number): number | undefined {
    const at = this.#find(key);
    return this.#keys[at] === 0 ? undefined : this.#numbers[at];
  }

  set(key: number, number: number): void {
    if (this.#used * 2 >= this.#keys.length) this.#grow();
    const at = this.#find(key);
    if (this.#keys[at] === 0) this.#used += 1;
    this.#keys[at] = key + 1;
    this.#numbers[at] = number;
  }

  #find(key: number): number {
    const mask = this.#keys.length - 1;
    // `|` takes the low 32 bits of the key; the multiplications spread neighbours (the finalizer of MurmurHash3).
    let hash = (key | 0) ^ Math.imul((key / 4_294_967_296) | 0, 0x9e37_79b1);
    hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
    let at = (hash ^ (hash >>> 16)) & mask;
    while (this.#keys[at] !== 0 && this.#keys[at] !== key + 1) at = (at + 1) & mask;
    return at;
  }

  #grow(): void {
    const [keys, numbers] = [this.#keys, this.#numbers];
    this.#keys = new Float64Array(keys.length * 4);
    this.#numbers = new Int32Array(keys.length * 4);
    this.#used = 0;
    for (let at = 0; at < keys.length; at += 1) {
      const key = keys[at] ?? 0;
      if (key !== 0) this.set(key - 1, numbers[at] ?? 0);
    }
  }
}

function productOf(sizes: readonly number[]): number {
  return sizes.reduce((product, size) => product * size, 1);
}

function compileRegions(lifecycle: Lifecycle, ids: readonly (string | null)[]): readonly ProductRegion[] {
  const members = ids.map((id) => lifecycle.statuses.filter(({ region }) => region === id));
  const places = new Map(
    members.flatMap((own, region) => own.map(({ id }, index) => [id, { region, local: index + 1 }] as const)),
  );
  const compileGuard = (statuses: readonly string[]): readonly LocalRequirement[] => {
    const groups = new Map<number, Set<number>>();
    for (const { region, local } of statuses.flatMap((status) => places.get(status) ?? [])) {
      groups.set(region, (groups.get(region) ?? new Set()).add(local));
    }
    return [...groups].map(([region, states]) => ({ region, states }));
  };
  const moves: ProductMove[][][] = members.map((own) => Array.from({ length: own.length + 1 }, () => []));
  const add = (
    from: number,
    edge: Pick<LifecycleTransition, 'to' | 'requires' | 'reopen'>,
    transition: number | null,
  ) => {
    const target = places.get(edge.to);
    if (target === undefined) return;
    const { region, local: to } = target;
    const requires = compileGuard(edge.requires);
    moves[region]?.[from]?.push({ region, from, to, status: edge.to, requires, transition, reopen: edge.reopen });
  };
  const starts = ids.map((id) => startOf(lifecycle, id));
  for (const { initial, startsWhen } of starts) add(0, { to: initial, requires: startsWhen, reopen: false }, null);
  for (const [index, edge] of lifecycle.transitions.entries()) add(places.get(edge.from)?.local ?? 0, edge, index);
  return ids.map((id, region) => ({
    id,
    statuses: (members[region] ?? []).map((status) => status.id),
    optional: starts[region]?.optional ?? false,
    moves: (moves[region] ?? []).map((each) => each.toSorted((a, b) => a.to - b.to)),
    complete: [starts[region]?.optional ?? false, ...(members[region] ?? []).map(({ final }) => final)],
  }));
}

function startOf({ initial, regions }: Lifecycle, id: string | null) {
  return regions.find((region) => region.id === id) ?? { initial, startsWhen: [], optional: false };
}
