import type { Metric } from '../../../src/api/contract/index.ts';

/** Figures of a distribution that can be drawn. */
export const DISTRIBUTION_FIGURES = ['p95', 'p50', 'mean', 'rate'] as const;
export type DistributionFigure = (typeof DISTRIBUTION_FIGURES)[number];

/** Lines of a chart: a row per step, a member per line. */
export interface Lines {
  readonly names: readonly string[];
  readonly rows: readonly { readonly [line: string]: number | null }[];
}

/** Turns a metric into lines over all its steps: a step without a figure is a gap, not a zero. */
export function linesOf(metric: Metric, figure: DistributionFigure): Lines {
  const lines = new Map<string, Map<number, number>>();
  const put = (line: string, at: number, value: number | null): void => {
    if (value === null) return;
    const known = lines.get(line) ?? new Map<number, number>();
    known.set(at, value);
    lines.set(line, known);
  };
  for (const { group, points } of metric.groups) {
    const name = group === '' ? metric.name : group;
    for (const point of points) {
      const at = Date.parse(point.at);
      if (metric.figure === 'quantiles') {
        for (const { quantile, value } of point.quantiles) put(`${name} · ${quantile}`, at, value);
      } else if (metric.figure === 'level') put(name, at, point.value);
      else put(name, at, metric.figure === 'rate' ? point.rate : point[figure]);
    }
  }
  const rows: { [line: string]: number | null }[] = [];
  const start = Date.parse(metric.since);
  for (let at = start; at < Date.parse(metric.until); at += metric.stepMs) {
    const row: { [line: string]: number | null } = { at };
    for (const [name, values] of lines) row[name] = values.get(at) ?? null;
    rows.push(row);
  }
  return { names: [...lines.keys()], rows };
}

/** Words of UCUM units that people write otherwise. */
const UNITS: Readonly<Record<string, string>> = { '1': '', By: 'B', Cel: '°C', us: 'µs' };

/** The unit of what is drawn: `{order}` counted per second is `order/s`. */
export function unitOf(metric: Pick<Metric, 'unit' | 'figure'>, figure: DistributionFigure): string {
  const isRate = metric.figure === 'rate' || (metric.figure === 'distribution' && figure === 'rate');
  const own = UNITS[metric.unit] ?? metric.unit.replace(/^\{(.*)\}$/, '$1');
  if (!isRate) return own;
  return metric.figure === 'distribution' || own === '' ? '1/s' : `${own}/s`;
}
