import type { DurationHistogram } from '../../query/metrics/duration-buckets.ts';
import { CATALOGUE, type MetricDefinition, type MetricName } from './catalogue.ts';

/** Attributes of a point; what is not known is not there. */
export type Attributes = Readonly<Record<string, string | boolean>>;

export interface NumberPoint {
  readonly attributes: Attributes;
  readonly value: number;
}

export interface HistogramPoint {
  readonly attributes: Attributes;
  readonly value: DurationHistogram;
}

/** One metric with its points at one moment; a histogram's points are histograms, all others are numbers. */
export type Measurement =
  | { readonly kind: 'numbers'; readonly definition: MetricDefinition; readonly points: readonly NumberPoint[] }
  | { readonly kind: 'histograms'; readonly definition: MetricDefinition; readonly points: readonly HistogramPoint[] };

const definitions: ReadonlyMap<string, MetricDefinition> = new Map(CATALOGUE.map((each) => [each.name, each]));

/** Points of a metric of the catalogue. */
export function numbers(name: MetricName, points: readonly NumberPoint[]): Measurement {
  return { kind: 'numbers', definition: definitionOf(name), points };
}

/** One point without attributes. */
export function number(name: MetricName, value: number): Measurement {
  return numbers(name, [{ attributes: {}, value }]);
}

/** Histograms of a metric of the catalogue. */
export function histograms(name: MetricName, points: readonly HistogramPoint[]): Measurement {
  return { kind: 'histograms', definition: definitionOf(name), points };
}

function definitionOf(name: MetricName): MetricDefinition {
  const found = definitions.get(name);
  // The type of the name already says so.
  if (found === undefined) throw new Error(`no metric ${name}`);
  return found;
}
