/** Mixes 32 bits so that neighbours have nothing in common (the finalizer of MurmurHash3); one to one, `unmix` takes it back. */
export function mix(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** The value that `mix` made this of. */
export function unmix(mixed: number): number {
  let h = mixed;
  h = Math.imul(h ^ (h >>> 16), 0x7ed1b41d);
  h = Math.imul(h ^ (h >>> 13) ^ (h >>> 26), 0xa5cb9243);
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * Ids of a run: as random as real ones, so that they compress no better, and still numbers, so that a span that is read back says
 * which one it is. Spans and traces are numbered from 0 to 2^32 - 1.
 */
export class RunIds {
  readonly #spanSeeds: readonly [number, number];
  readonly #traceSeeds: readonly [number, number, number, number];
  readonly #firstOrder: number;

  /** @param seed 32 bits; another one gives other ids */
  constructor(seed: number) {
    const at = (index: number): number => mix((seed + Math.imul(index, 0x9e3779b9)) >>> 0);
    this.#spanSeeds = [at(1), at(2)];
    this.#traceSeeds = [at(3), at(4), at(5), at(6)];
    this.#firstOrder = (at(7) % 99_999) * 100_000;
  }

  /** Half 0 or 1 of a span id, as a big-endian number of 32 bits. */
  spanHalf(span: number, half: 0 | 1): number {
    return mix((span ^ this.#spanSeeds[half]) >>> 0);
  }

  /** Quarter 0 to 3 of a trace id, as a big-endian number of 32 bits. */
  traceQuarter(trace: number, quarter: 0 | 1 | 2 | 3): number {
    return mix((trace ^ this.#traceSeeds[quarter]) >>> 0);
  }

  /** What the id of an order ends with: a number of ten digits that other runs do not use. */
  orderNumber(order: number): number {
    return this.#firstOrder + order;
  }

  /** 32 hexadecimal digits. */
  traceText(trace: number): string {
    return ([0, 1, 2, 3] as const).map((quarter) => hex(this.traceQuarter(trace, quarter))).join('');
  }

  /** Number of the span with these 16 hexadecimal digits; undefined when it is not of this run. */
  spanOf(text: string): number | undefined {
    const span = (unmix(Number.parseInt(text.slice(0, 8), 16)) ^ this.#spanSeeds[0]) >>> 0;
    return this.spanHalf(span, 1) === Number.parseInt(text.slice(8), 16) ? span : undefined;
  }
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}
