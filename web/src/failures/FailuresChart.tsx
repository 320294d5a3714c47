import { BarChart } from '@mantine/charts';
import { useTranslation } from 'react-i18next';
import { formatTick } from '../format/time.ts';
import { useLanguage } from '../i18n/i18n.ts';
import styles from './failures.module.css';
import type { Bar } from './series.ts';

/** Colours of the classes, from the top of the stack down; the legend and the tooltip name them. */
const CLASSES = [
  { name: 'timeout', color: 'var(--wb-failure-timeout)' },
  { name: 'api_error', color: 'var(--wb-failure-api)' },
  { name: 'other', color: 'var(--wb-failure-other)' },
] as const;

/** Failures over time, stacked by class. */
export function FailuresChart({ bars, bucketMs }: { readonly bars: readonly Bar[]; readonly bucketMs: number }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const label = (at: unknown): string => (typeof at === 'number' ? formatTick(at, bucketMs, language) : '');
  const long = (bars.at(-1)?.at ?? 0) - (bars[0]?.at ?? 0) > 86_400_000;
  const tick = (at: unknown): string =>
    typeof at === 'number' ? formatTick(at, long ? 3_600_000 : Math.max(bucketMs, 60_000), language) : '';
  return (
    <BarChart
      h={200}
      className={styles['chart'] ?? ''}
      data={bars.map((bar) => ({ ...bar }))}
      dataKey="at"
      type="stacked"
      series={CLASSES.filter(({ name }) => bars.some((bar) => bar[name] > 0)).map(({ name, color }) => ({
        name,
        color,
        label: t(`failure.classes.${name}`),
      }))}
      withLegend
      legendProps={{ verticalAlign: 'top', height: 30 }}
      tickLine="none"
      gridAxis="x"
      yAxisProps={{ allowDecimals: false, width: 34 }}
      xAxisProps={{ tickFormatter: tick, minTickGap: 40 }}
      tooltipProps={{ labelFormatter: label }}
      barProps={{ isAnimationActive: false }}
      maxBarWidth={28}
    />
  );
}
