import { WaybillError } from '../../model/errors.ts';
import { productLimit, type SurvivalCurve, type SurvivalStep, survivalQuantile } from './kaplan-meier.ts';
import { requireProbability } from './quantile.ts';

/** Largest relative error of a value that the sketch gives back. */
export const RELATIVE_ERROR = 0.01;

/** Smallest magnitude that has a bin of its own; anything smaller counts as 0. Far below a nanosecond, in any unit. */
export const SMALLEST = 1e-15;

/** Largest magnitude with the stated error; anything larger counts into the last bin and as `clamped`. */
export const LARGEST = 1e21;

const GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR);
const LOG_GAMMA = Math.log(GAMMA);
const FIRST_INDEX = Math.ceil(Math.log(SMALLEST) / LOG_GAMMA);

/** Largest bin number; with the negative ones and 0 no sketch has more than `2 · LAST_BIN + 1` bins. */
export const LAST_BIN = Math.ceil(Math.log(LARGEST) / LOG_GAMMA) - FIRST_INDEX + 1;

/**
 * The bin of a value: 0 for zero, 1 … LAST_BIN for positive values, the mirrored negative number for negative ones. Bins
 * order as their values do, so that roll-ups can be kept as a map from bin to count and merged by adding.
 *
 * A positive value x has bin `ceil(ln x / ln γ) − ceil(ln 1e-15 / ln γ) + 1` with γ = 1.01/0.99.
 */
export function binOf(value: number): number {
  const magnitude = Math.abs(value);
  if (magnitude < SMALLEST) return 0;
  const bin = Math.min(LAST_BIN, Math.ceil(Math.log(magnitude) / LOG_GAMMA) - FIRST_INDEX + 1);
  return value < 0 ? -bin : bin;
}

/** The value that stands for a bin; at most RELATIVE_ERROR away from every value in it. */
export function valueOf(bin: number): number {
  if (bin === 0) return 0;
  const value = (2 * Math.exp((Math.abs(bin) + FIRST_INDEX - 1) * LOG_GAMMA)) / (GAMMA + 1);
  return bin < 0 ? -value : value;
}

/**
 * A mergeable histogram with logarithmic bins and a relative error of at most 1 % (DDSketch: Masson, Rim and Lee, VLDB
 * 2019), without the collapsing of bins: the range is fixed and wide enough, hence merging is exact, in any grouping and
 * order. Values of any one unit; negative ones keep their sign. At most some 8,300 bins.
 */
export class DwellSketch {
  readonly #counts = new Map<number, number>();
  #count = 0;
  #clamped = 0;
  #dropped = 0;

  /** Builds a sketch from bins and counts, e.g. those a roll-up has stored. Throws WaybillError `invalid_argument` for a bin or count that cannot be. */
  static fromBins(bins: Iterable<readonly [bin: number, count: number]>): DwellSketch {
    const sketch = new DwellSketch();
    for (const [bin, count] of bins) {
      if (!Number.isInteger(bin) || Math.abs(bin) > LAST_BIN || !Number.isSafeInteger(count) || count < 0) {
        throw new WaybillError('invalid_argument', 'the bins are not those of a dwell sketch', {
          remedy: `Give whole bins from ${-LAST_BIN} to ${LAST_BIN} and whole counts of 0 or more.`,
        });
      }
      sketch.#put(bin, count);
    }
    return sketch;
  }

  /** How many values were added. */
  get count(): number {
    return this.#count;
  }

  /** How many values were larger than LARGEST; their quantiles are too low. */
  get clamped(): number {
    return this.#clamped;
  }

  /** How many values were not numbers; they are not in `count`. */
  get dropped(): number {
    return this.#dropped;
  }

  add(value: number, count = 1): void {
    if (Number.isNaN(value)) {
      this.#dropped += count;
      return;
    }
    if (Math.abs(value) > LARGEST) this.#clamped += count;
    this.#put(binOf(value), count);
  }

  /** A new sketch with the values of both. */
  merge(other: DwellSketch): DwellSketch {
    const merged = new DwellSketch();
    for (const each of [this, other]) {
      for (const [bin, count] of each.#counts) merged.#put(bin, count);
      merged.#clamped += each.#clamped;
      merged.#dropped += each.#dropped;
    }
    return merged;
  }

  /** Bins with their counts, ascending. */
  bins(): readonly (readonly [bin: number, count: number])[] {
    return [...this.#counts].sort(([a], [b]) => a - b);
  }

  /** The type 7 quantile to within RELATIVE_ERROR where its two neighbours have one sign; null for an empty sketch. */
  quantile(probability: number): number | null {
    requireProbability(probability);
    if (this.#count === 0) return null;
    const rank = probability * (this.#count - 1);
    let below: number | null = null;
    let seen = 0;
    for (const [bin, count] of this.bins()) {
      seen += count;
      if (below === null && seen > Math.floor(rank)) below = valueOf(bin);
      if (below !== null && seen >= Math.min(Math.floor(rank) + 2, this.#count)) {
        return below + (valueOf(bin) - below) * (rank - Math.floor(rank));
      }
    }
    return below;
  }

  #put(bin: number, count: number): void {
    if (count === 0) return;
    this.#counts.set(bin, (this.#counts.get(bin) ?? 0) + count);
    this.#count += count;
  }
}

/** A Kaplan–Meier estimate from sketches, with what the binning may have moved. */
export interface SketchedSurvival {
  /** The curve on bin values; within a bin, completions count before censorings. */
  readonly curve: SurvivalCurve;
  /** The same data with censorings first in every bin. The exact curve, its times moved by at most 1 %, runs between the two. */
  readonly lower: SurvivalCurve;
}

/**
 * A Kaplan–Meier estimate from two mergeable sketches, of completed and of open visits. Exact but for the order of times
 * within one bin (2 % wide). Negative bins are left out and counted as anomalies.
 */
export function sketchedKaplanMeier(completed: DwellSketch, open: DwellSketch): SketchedSurvival {
  const counts = new Map<number, { events: number; censored: number }>();
  let anomalies = completed.dropped + open.dropped;
  for (const [sketch, key] of [
    [completed, 'events'],
    [open, 'censored'],
  ] as const) {
    for (const [bin, count] of sketch.bins()) {
      const step = counts.get(bin) ?? { events: 0, censored: 0 };
      step[key] += count;
      if (bin < 0) anomalies += count;
      else counts.set(bin, step);
    }
  }
  const bins = [...counts].sort(([a], [b]) => a - b);
  const steps = bins.map(([bin, step]): SurvivalStep => ({ time: valueOf(bin), ...step }));
  const opposite = steps.flatMap(({ time, events, censored }) => [
    { time, events: 0, censored },
    { time, events, censored: 0 },
  ]);
  return { curve: productLimit(steps, anomalies), lower: productLimit(opposite, anomalies) };
}

/** A quantile from sketches with the guaranteed range of the exact Kaplan–Meier quantile. */
export interface SketchedQuantile {
  readonly value: number | null;
  /** Set where `value` is null: the quantile lies beyond about the largest observed time. */
  readonly atLeast: number | null;
  /** The exact estimate is not below; null only for no visits or where even the lower curve does not come down. */
  readonly notBelow: number | null;
  /** The exact estimate is not above; null where `value` is. */
  readonly notAbove: number | null;
}

/** The quantile of the upper curve, and the range that holds the exact estimate (RELATIVE_ERROR when both curves meet in one bin). */
export function sketchedQuantile({ curve, lower }: SketchedSurvival, probability: number): SketchedQuantile {
  const { value, atLeast } = survivalQuantile(curve, probability);
  const early = survivalQuantile(lower, probability).value;
  return {
    value,
    atLeast,
    notBelow: early === null ? null : early / (1 + RELATIVE_ERROR),
    notAbove: value === null ? null : value / (1 - RELATIVE_ERROR),
  };
}
