import { WaybillError } from '../../model/errors.ts';
import { benjaminiHochberg, fisherGreater } from './fisher.ts';
import { kaplanMeier, survivalQuantile } from './kaplan-meier.ts';
import { isDwell } from './survival-steps.ts';

/** One visit of the status, with what is known of its order. */
export interface DescribedVisit {
  /** Dwell, or age of an open visit; any one unit. */
  readonly duration: number;
  readonly open: boolean;
  /** Names and values, each name once; a repeated pair counts once. */
  readonly attributes: Iterable<readonly [name: string, value: string]>;
}

/** A value that slow visits have more often than visits have it in general. */
export interface OverRepresented {
  readonly attribute: string;
  readonly value: string;
  /** Slow visits with the value. */
  readonly slow: number;
  /** Visits with the value. */
  readonly visits: number;
  /** Share of the slow visits that have the value, 0 to 1. */
  readonly support: number;
  /** Share of the visits with the value that are slow, divided by that share of all visits; above 1. */
  readonly lift: number;
  /** Fisher's exact test, one-sided. */
  readonly pValue: number;
  /** `pValue` corrected for the number of values that were tested (Benjamini–Hochberg). */
  readonly adjustedPValue: number;
}

export interface Explanation {
  /** A visit is slow when it lasts longer than this; null when no visit is known to be slow. */
  readonly threshold: number | null;
  /** Visits that are known to be slow: completed, or open and already older. */
  readonly slow: number;
  /** Visits that were judged, slow or not. */
  readonly judged: number;
  /** Open visits not older than the threshold: they may become slow, so they are left out. */
  readonly undecided: number;
  /** Visits with a negative or infinite duration: clock anomalies, left out. */
  readonly anomalies: number;
  /** By adjusted p-value, then lift, then attribute and value. */
  readonly findings: readonly OverRepresented[];
  /** How many values are significant, those beyond `limit` included. */
  readonly significant: number;
  /** Values that were tested; the correction is for this many. */
  readonly tested: number;
  /** Values that fewer than `leastVisits` visits have; not tested. */
  readonly rare: number;
  /** Attributes left out because they have more than `maxValues` values (ids, times), by name. */
  readonly tooMany: readonly string[];
  /** Pairs left out because there were `maxAttributes` names already. */
  readonly dropped: number;
}

export interface ExplainOptions {
  /** Share of the visits that counts as slow; default 0.1, above 0 and below 1. */
  readonly slowest?: number;
  /** Overrides `slowest`: a fixed threshold in the unit of the durations, e.g. the target of the status. */
  readonly threshold?: number;
  /** Visits that must have a value for it to be tested; default 5. */
  readonly leastVisits?: number;
  /** Largest adjusted p-value that is reported; default 0.05. */
  readonly significance?: number;
  /** Most findings; default 20. */
  readonly limit?: number;
  /** Most values of one attribute; default 1,000. */
  readonly maxValues?: number;
  /** Most attribute names; default 200. */
  readonly maxAttributes?: number;
}

/**
 * Finds what the slowest visits of a status have in common: attribute values that occur among them more often than chance
 * explains, with a correction for having looked at many values.
 *
 * Slow is what lasts longer than the Kaplan–Meier quantile of 1 − `slowest`, so that open visits count once they are
 * known to be slow. The test takes visits for independent: pass one visit per order where orders repeat a status often.
 * An association, not a cause.
 *
 * Throws WaybillError `invalid_argument` for `slowest` outside 0 … 1.
 */
export function explainSlow(visits: readonly DescribedVisit[], options: ExplainOptions = {}): Explanation {
  const { slowest = 0.1, leastVisits = 5, significance = 0.05, limit = 20 } = options;
  if (!(slowest > 0 && slowest < 1)) {
    throw new WaybillError('invalid_argument', `${slowest} is not a share of slow visits`, {
      remedy: 'Give a number above 0 and below 1; 0.1 for the slowest tenth.',
    });
  }
  const usable = visits.filter(({ duration }) => isDwell(duration));
  const threshold = options.threshold ?? thresholdOf(usable, slowest);
  const isSlow = ({ duration }: DescribedVisit): boolean => threshold !== null && duration > threshold;
  const judged = usable.filter((visit) => !visit.open || isSlow(visit));
  const slow = judged.filter(isSlow).length;
  const { counts, tooMany, dropped } = countValues(judged, isSlow, options);
  const candidates = counts.filter((count) => count.visits >= leastVisits);
  const pValues = candidates.map((count) => {
    // A value that is not over-represented cannot become a finding; it only counts for the correction.
    if (count.slow * judged.length <= count.visits * slow) return 1;
    return fisherGreater({ total: judged.length, slow, marked: count.visits, both: count.slow });
  });
  const adjusted = benjaminiHochberg(pValues);
  const findings = candidates
    .map((count, index): OverRepresented => {
      const lift = slow === 0 ? 0 : (count.slow / count.visits) * (judged.length / slow);
      const support = slow === 0 ? 0 : count.slow / slow;
      return { ...count, support, lift, pValue: pValues[index] ?? 1, adjustedPValue: adjusted[index] ?? 1 };
    })
    .filter(({ lift, adjustedPValue }) => lift > 1 && adjustedPValue <= significance)
    .sort(bySignificance);
  return {
    threshold: slow === 0 ? null : threshold,
    slow,
    judged: judged.length,
    undecided: usable.length - judged.length,
    anomalies: visits.length - usable.length,
    findings: findings.slice(0, limit),
    significant: findings.length,
    tested: candidates.length,
    rare: counts.length - candidates.length,
    tooMany,
    dropped,
  };
}

function thresholdOf(visits: readonly DescribedVisit[], slowest: number): number | null {
  const durations = Float64Array.from(visits, ({ duration }) => duration);
  const open = Uint8Array.from(visits, (visit) => (visit.open ? 1 : 0));
  return survivalQuantile(kaplanMeier(durations, open), 1 - slowest).value;
}

interface ValueCount {
  readonly attribute: string;
  readonly value: string;
  visits: number;
  slow: number;
}

interface ValueCounts {
  readonly counts: readonly ValueCount[];
  readonly tooMany: readonly string[];
  readonly dropped: number;
}

function countValues(
  visits: readonly DescribedVisit[],
  isSlow: (visit: DescribedVisit) => boolean,
  { maxValues = 1_000, maxAttributes = 200 }: ExplainOptions,
): ValueCounts {
  const byName = new Map<string, Map<string, ValueCount>>();
  const tooMany = new Set<string>();
  let dropped = 0;
  for (const visit of visits) {
    const slow = isSlow(visit) ? 1 : 0;
    const seen = new Set<ValueCount>();
    for (const [attribute, value] of visit.attributes) {
      if (tooMany.has(attribute)) continue;
      let values = byName.get(attribute);
      if (values === undefined) {
        if (byName.size + tooMany.size >= maxAttributes) {
          dropped += 1;
          continue;
        }
        values = new Map();
        byName.set(attribute, values);
      }
      let count = values.get(value);
      if (count === undefined) {
        if (values.size >= maxValues) {
          byName.delete(attribute);
          tooMany.add(attribute);
          continue;
        }
        count = { attribute, value, visits: 0, slow: 0 };
        values.set(value, count);
      }
      if (seen.has(count)) continue;
      seen.add(count);
      count.visits += 1;
      count.slow += slow;
    }
  }
  const counts = [...byName.values()].flatMap((values) => [...values.values()]);
  return { counts, tooMany: [...tooMany].sort(), dropped };
}

function bySignificance(a: OverRepresented, b: OverRepresented): number {
  return (
    a.adjustedPValue - b.adjustedPValue ||
    b.lift - a.lift ||
    compare(a.attribute, b.attribute) ||
    compare(a.value, b.value)
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
