import { z } from 'zod';
import { type Aligner, type Ending, endingOf } from '../lifecycle/conformance/alignment.ts';
import { type AlignmentDeviationKind, alignmentDeviations } from '../lifecycle/conformance/alignment-deviations.ts';
import { alignVariants, type LogFitness } from '../lifecycle/conformance/log-fitness.ts';
import { type Replay, replay } from '../lifecycle/conformance/replay.ts';
import type { Machine } from '../lifecycle/machine.ts';
import type { StoreClient } from '../store/client.ts';

/** Most variants that are read; a log with more has no typical ways, and the answer says how many orders are left out. */
const MAX_VARIANTS = 20_000;
/** Most kinds of deviation in one answer. */
const MAX_DEVIATIONS = 200;

const variantRow = z.object({
  statuses: z.array(z.string()),
  orders: z.coerce.number(),
  closed: z.coerce.number(),
  example: z.string(),
});
const totalRow = z.object({ orders: z.coerce.number(), variants: z.coerce.number() });

/** Orders that went the same way. */
export interface OrderVariant {
  readonly statuses: readonly string[];
  readonly orders: number;
  /** Of them, orders that are complete. */
  readonly closed: number;
  readonly replay: Replay['kind'];
  /** Id of one of them. */
  readonly example: string;
}

/** The ways that orders went, the most frequent first. */
export interface OrderVariants {
  readonly orders: number;
  /** All variants, also those beyond the limit. */
  readonly total: number;
  readonly variants: readonly OrderVariant[];
}

/** Reads the variants of all orders with a known status and replays each on the lifecycle. */
export async function orderVariants(store: StoreClient, machine: Machine): Promise<OrderVariants> {
  const [[totals], rows] = await Promise.all([
    store.query(
      'SELECT count() AS orders, uniqExact(visit_statuses) AS variants FROM orders FINAL WHERE notEmpty(visit_statuses)',
      {},
      totalRow,
    ),
    store.query(
      `SELECT visit_statuses AS statuses, count() AS orders, countIf(isNotNull(closed_at)) AS closed, min(order_id) AS example
       FROM orders FINAL WHERE notEmpty(visit_statuses) GROUP BY visit_statuses
       ORDER BY orders DESC, visit_statuses LIMIT ${MAX_VARIANTS}`,
      {},
      variantRow,
    ),
  ]);
  return {
    orders: totals?.orders ?? 0,
    total: totals?.variants ?? 0,
    variants: rows.map((row) => ({ ...row, replay: replay(machine, row.statuses).kind })),
  };
}

/** How well orders follow the lifecycle. */
export interface Conformance {
  readonly orders: number;
  /** Orders by exact replay. */
  readonly replay: Readonly<Record<Replay['kind'], number>>;
  /** Over optimal alignments. */
  readonly alignment: LogFitness;
  readonly deviations: readonly {
    readonly kind: AlignmentDeviationKind;
    readonly status: string;
    readonly occurrences: number;
    readonly orders: number;
    readonly example: string;
  }[];
  /** Orders of variants beyond the limit. */
  readonly leftOut: number;
}

/**
 * Holds orders against the lifecycle: exact replay, optimal alignment, and what deviates.
 *
 * @param ending `live`: an order that is not in a final status is open and fits as long as it can still finish; `complete`: every
 *   order counts as finished, as other tools hold a finished log against a model
 */
export function conformanceOf(
  { orders, variants }: OrderVariants,
  parts: { machine: Machine; aligner: Aligner; ending: 'live' | 'complete' },
): Conformance {
  const { machine, aligner } = parts;
  const ending = (statuses: readonly string[]): Ending =>
    parts.ending === 'complete' ? 'complete' : endingOf(machine, statuses);
  const { fitness, aligned } = alignVariants(
    aligner,
    variants.map((variant) => ({ ...variant, count: variant.orders })),
    ending,
  );
  const counts: Record<Replay['kind'], number> = { fits: 0, fits_so_far: 0, deviates: 0 };
  for (const variant of variants) counts[variant.replay] += variant.orders;
  const examples = new Map(variants.map((variant) => [variant.statuses.join('\n'), variant.example]));
  const found = new Map<
    string,
    { kind: AlignmentDeviationKind; status: string; occurrences: number; orders: number; example: string }
  >();
  for (const { variant, alignment } of aligned) {
    if (alignment.cost === 0) continue;
    const seen = new Set<string>();
    for (const { kind, status } of alignmentDeviations(aligner.graph, alignment)) {
      const key = `${kind}\n${status}`;
      const example = examples.get(variant.statuses.join('\n')) ?? '';
      const known = found.get(key) ?? { kind, status, occurrences: 0, orders: 0, example };
      known.occurrences += variant.count;
      if (!seen.has(key)) known.orders += variant.count;
      seen.add(key);
      found.set(key, known);
    }
  }
  const listed = variants.reduce((sum, variant) => sum + variant.orders, 0);
  return {
    orders,
    replay: counts,
    alignment: fitness,
    deviations: [...found.values()]
      .sort((a, b) => b.orders - a.orders || (`${a.kind}\n${a.status}` < `${b.kind}\n${b.status}` ? -1 : 1))
      .slice(0, MAX_DEVIATIONS),
    leftOut: orders - listed,
  };
}
