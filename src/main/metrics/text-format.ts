import { DURATION_BOUNDS_SECONDS } from '../../query/metrics/duration-buckets.ts';
import { type MetricDefinition, prometheusName, prometheusUnit } from './catalogue.ts';
import type { Attributes, HistogramPoint, Measurement } from './measurement.ts';

/** The two text formats that scrapers ask for. */
export type TextFormat = 'openmetrics' | 'prometheus';

/** Values of `content-type`, by format. */
export const CONTENT_TYPES: Readonly<Record<TextFormat, string>> = {
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
};

/** The format for an `accept` header: OpenMetrics 1.0 for who names it, else the older text format, which everybody reads. */
export function chooseFormat(accept: string | undefined): TextFormat {
  const offers = (accept ?? '').toLowerCase().split(',');
  const wanted = offers.some((offer) => {
    const [type = '', ...parameters] = offer.split(';').map((part) => part.trim());
    const version = parameters.find((parameter) => parameter.startsWith('version='));
    return (
      type === 'application/openmetrics-text' &&
      (version === undefined || version === 'version=1.0.0') &&
      !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter))
    );
  });
  return wanted ? 'openmetrics' : 'prometheus';
}

/**
 * Writes measurements as a scrape.
 *
 * Durations are gauge histograms, since what the store holds can also shrink: `_bucket`, `_gcount` and `_gsum`. The older format knows
 * no such type, so there the same series are three gauges. A metric without points is left out.
 *
 * @param resource labels of `target_info`
 */
export function writeText(
  measurements: readonly Measurement[],
  resource: Readonly<Record<string, string>>,
  format: TextFormat,
): string {
  const lines = format === 'openmetrics' ? head('target', 'info', 'The source of these metrics') : [];
  if (format === 'prometheus') lines.push(...head('target_info', 'gauge', 'The source of these metrics'));
  lines.push(sample('target_info', resource, 1));
  for (const measurement of measurements) {
    if (measurement.points.length === 0) continue;
    const { definition } = measurement;
    if (measurement.kind === 'numbers') {
      lines.push(...numberHead(definition, format));
      const name = prometheusName(definition);
      for (const { attributes, value } of measurement.points) lines.push(sample(name, attributes, value));
    } else if (format === 'openmetrics') {
      const name = prometheusName(definition);
      lines.push(...head(name, 'gaugehistogram', definition.description, prometheusUnit(definition.unit)));
      for (const point of measurement.points) {
        lines.push(...bucketLines(name, point), countLine(name, point), sumLine(name, point));
      }
    } else {
      lines.push(...gaugesOf(definition, measurement.points));
    }
  }
  if (format === 'openmetrics') lines.push('# EOF');
  return `${lines.join('\n')}\n`;
}

/** A histogram as three gauges. */
function gaugesOf(definition: MetricDefinition, points: readonly HistogramPoint[]): string[] {
  const name = prometheusName(definition);
  return [
    ...head(`${name}_bucket`, 'gauge', `${definition.description}: how many, cumulated by upper bound`),
    ...points.flatMap((point) => bucketLines(name, point)),
    ...head(`${name}_gcount`, 'gauge', `${definition.description}: how many`),
    ...points.map((point) => countLine(name, point)),
    ...head(`${name}_gsum`, 'gauge', `${definition.description}: seconds in sum`),
    ...points.map((point) => sumLine(name, point)),
  ];
}

function numberHead(definition: MetricDefinition, format: TextFormat): string[] {
  const name = prometheusName(definition);
  const type = definition.type === 'counter' ? 'counter' : 'gauge';
  if (format === 'prometheus') return head(name, type, definition.description);
  // In OpenMetrics the family of a counter has its name without `_total`, and a unit is the end of the name.
  const family = type === 'counter' ? name.slice(0, -'_total'.length) : name;
  return head(family, type, definition.description, prometheusUnit(definition.unit));
}

function head(name: string, type: string, help: string, unit?: string): string[] {
  return [
    `# TYPE ${name} ${type}`,
    ...(unit === undefined ? [] : [`# UNIT ${name} ${unit}`]),
    `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`,
  ];
}

function bucketLines(name: string, { attributes, value }: HistogramPoint): string[] {
  let cumulated = 0;
  return value.counts.map((count, index) => {
    cumulated += count;
    const bound = DURATION_BOUNDS_SECONDS[index];
    return sample(`${name}_bucket`, { ...attributes, le: bound === undefined ? '+Inf' : canonical(bound) }, cumulated);
  });
}

function countLine(name: string, { attributes, value }: HistogramPoint): string {
  return sample(
    `${name}_gcount`,
    attributes,
    value.counts.reduce((sum, count) => sum + count, 0),
  );
}

function sumLine(name: string, { attributes, value }: HistogramPoint): string {
  return sample(`${name}_gsum`, attributes, value.sumSeconds);
}

/** OpenMetrics wants bounds as floats, `60.0`; a scraper that does not normalize them would otherwise make a second series. */
function canonical(bound: number): string {
  return Number.isInteger(bound) ? `${bound}.0` : String(bound);
}

function sample(name: string, attributes: Attributes, value: number): string {
  const labels = Object.entries(attributes).map(
    ([key, text]) => `${key.replaceAll(/[^A-Za-z0-9_]/g, '_')}="${escapeLabel(String(text))}"`,
  );
  return `${name}${labels.length === 0 ? '' : `{${labels.join(',')}}`} ${value}`;
}

/** A label holds any text but these three characters as they are; text that is not Unicode would make the whole scrape invalid. */
function escapeLabel(text: string): string {
  return text.toWellFormed().replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
