import '@mantine/charts/styles.css';
import { LineChart } from '@mantine/charts';
import { formatTick } from '../format/time.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { serviceColors } from '../trace/service-color.ts';
import type { Lines } from './chart-data.ts';

interface MetricChartProps {
  readonly lines: Lines;
  readonly stepMs: number;
  readonly unit: string;
}

/** A metric over time, a line per group. */
export function MetricChart({ lines, stepMs, unit }: MetricChartProps) {
  const language = useLanguage();
  const colors = serviceColors(lines.names);
  const tick = (at: unknown): string =>
    typeof at === 'number' ? formatTick(at, Math.max(stepMs, 60_000), language) : '';
  const label = (at: unknown): string => (typeof at === 'number' ? formatTick(at, stepMs, language) : '');
  const value = (of: number): string =>
    `${new Intl.NumberFormat(language, { maximumSignificantDigits: 4 }).format(of)}${unit === '' ? '' : `\u00a0${unit}`}`;
  return (
    <LineChart
      h={300}
      data={lines.rows.map((row) => ({ ...row }))}
      dataKey="at"
      series={lines.names.map((name) => ({ name, color: `var(--wb-service-${colors.get(name) ?? 'blue'})` }))}
      curveType="linear"
      connectNulls={false}
      dotProps={{ r: 2 }}
      withLegend
      legendProps={{ verticalAlign: 'top' }}
      tickLine="none"
      gridAxis="x"
      valueFormatter={value}
      yAxisProps={{ width: 84 }}
      xAxisProps={{ tickFormatter: tick, minTickGap: 40 }}
      tooltipProps={{ labelFormatter: label }}
      lineProps={{ isAnimationActive: false }}
    />
  );
}
