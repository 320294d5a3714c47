import type { Aligner, Alignment, Ending } from './alignment.ts';
import type { Variant } from './variants.ts';

/**
 * What PM4Py charges for a step that is seen or required, and for the silent one that ends a complete run. Only their
 * ratio matters.
 */
const VISIBLE_COST = 10_000;
const SILENT_COST = 1;

/** How well a log conforms to a model, over all orders. */
export interface LogFitness {
  /** Orders that were aligned. */
  readonly orders: number;
  /** Orders whose cost is 0. */
  readonly fitting: number;
  /** 100 · fitting / orders; null for no orders. */
  readonly fittingPercent: number | null;
  /** Mean of the orders' fitness, 0 to 1; null for no orders. */
  readonly averageTraceFitness: number | null;
  /**
   * Fitness of the log as PM4Py defines it, 0 to 1: 1 − Σ cost / Σ worst, where each complete order also pays 1/10,000 of a
   * move on either side for the silent step that ends its run. Hence 0.99998 and not 1 for a log that fits in full. Null
   * for no orders.
   */
  readonly logFitness: number | null;
  /** The same without the silent step: 1 exactly when every order fits. Null for no orders. */
  readonly visibleLogFitness: number | null;
  /** Orders left out because their sequence is longer than the aligner takes. */
  readonly tooLong: number;
}

export interface AlignedVariant {
  readonly variant: Pick<Variant, 'statuses' | 'count'>;
  readonly alignment: Alignment;
}

/**
 * Aligns every variant once and weighs it by its orders.
 *
 * @param ending whether the orders of a variant are complete; `endingOf` for a live log, in which open orders that fit so
 *   far must not count as deviating, and always `complete` to hold a finished log against the model as other tools do
 */
export function alignVariants(
  aligner: Aligner,
  variants: Iterable<Pick<Variant, 'statuses' | 'count'>>,
  ending: (statuses: readonly string[]) => Ending,
): { readonly fitness: LogFitness; readonly aligned: readonly AlignedVariant[] } {
  const aligned: AlignedVariant[] = [];
  let tooLong = 0;
  for (const variant of variants) {
    const alignment = aligner.align(variant.statuses, ending(variant.statuses));
    if (alignment === undefined) tooLong += variant.count;
    else aligned.push({ variant, alignment });
  }
  return { fitness: logFitness(aligned, tooLong), aligned };
}

/** Adds up alignments; the orders of equal sequences and endings may come together or apart. */
export function logFitness(aligned: Iterable<AlignedVariant>, tooLong = 0): LogFitness {
  let orders = 0;
  let fitting = 0;
  let fitness = 0;
  let cost = 0;
  let worst = 0;
  let silent = 0;
  for (const { variant, alignment } of aligned) {
    const { count } = variant;
    orders += count;
    if (alignment.cost === 0) fitting += count;
    fitness += count * alignment.fitness;
    cost += count * alignment.cost;
    worst += count * alignment.worst;
    if (alignment.ending === 'complete') silent += count;
  }
  const ratio = (ended: number): number => {
    const most = worst * VISIBLE_COST + ended * SILENT_COST;
    return most === 0 ? 1 : 1 - (cost * VISIBLE_COST + ended * SILENT_COST) / most;
  };
  return {
    orders,
    fitting,
    fittingPercent: orders === 0 ? null : (100 * fitting) / orders,
    averageTraceFitness: orders === 0 ? null : fitness / orders,
    logFitness: orders === 0 ? null : ratio(silent),
    visibleLogFitness: orders === 0 ? null : ratio(0),
    tooLong,
  };
}
