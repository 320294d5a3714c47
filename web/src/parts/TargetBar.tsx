import { BulletChart } from '@mantine/charts';
import { useTranslation } from 'react-i18next';
import { formatPercent } from '../format/number.ts';
import { useLanguage } from '../i18n/i18n.ts';
import type { StatusRow } from '../map/rows.ts';
import { HealthMark } from './Marks.tsx';
import styles from './target-bar.module.css';

/** Shares of the target beyond this are drawn as this and written out; 1 is the target. */
const SHARE_CAP = 2;
const RANGES = [
  { value: 100, color: 'var(--wb-ok-tint)' },
  { value: SHARE_CAP * 100, color: 'var(--wb-over-tint)' },
];
const BAR = {
  ok: 'var(--wb-ok)',
  near: 'var(--wb-near)',
  over: 'var(--wb-over)',
  none: 'gray',
  noData: 'gray',
} as const;

// The chart is a line of figures; what it would write stands beside it.
const NO_LABELS = {
  rangeLabel: styles['noLabel'] ?? '',
  barLabel: styles['noLabel'] ?? '',
  targetLabel: styles['noLabel'] ?? '',
};

const place = (share: number): string => `${(Math.min(share, SHARE_CAP) / SHARE_CAP) * 100}%`;

/** The estimated p95 drawn against the target, with its 95 % interval as a thin line; words where it is unknown. */
export function TargetBar({ row, wide = false }: { readonly row: StatusRow; readonly wide?: boolean }) {
  const { t } = useTranslation();
  const language = useLanguage();
  if (row.figures.final) return null;
  if (row.share === null) return <HealthMark health={row.health} />;
  const percent = `${row.p95.kind === 'atLeast' ? '≥\u00a0' : ''}${formatPercent(row.share, language)}`;
  const { interval } = row;
  const right = interval === null ? '0%' : place(interval.high ?? SHARE_CAP);
  return (
    <div className={styles['bullet']} data-wide={wide} title={`${t('map.chartShare')}: ${percent}`}>
      <div className={styles['track']}>
        <BulletChart
          value={Math.min(row.share, SHARE_CAP) * 100}
          target={100}
          ranges={RANGES}
          size={wide ? 22 : 14}
          barSize={wide ? 10 : 6}
          targetRatio={1}
          targetSize={2}
          barColor={BAR[row.health]}
          targetColor="var(--wb-text)"
          className={styles['chart'] ?? ''}
          classNames={NO_LABELS}
          aria-hidden
        />
        {interval === null ? null : (
          <i
            className={styles['interval']}
            data-open={interval.high === null}
            style={{ left: place(interval.low), width: `calc(${right} - ${place(interval.low)})` }}
            aria-hidden
          />
        )}
      </div>
      <span className={`${styles['text']} wb-number`}>{percent}</span>
      <HealthMark health={row.health} />
    </div>
  );
}
