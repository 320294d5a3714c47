import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { formatDuration } from '../format/duration.ts';
import { formatCount } from '../format/number.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { formatEstimate } from '../map/estimate.ts';
import type { StatusRow } from '../map/rows.ts';
import { Panel } from '../parts/Panel.tsx';
import { Duration } from '../parts/Times.tsx';
import styles from './status.module.css';

interface Figure {
  readonly name: string;
  readonly value: ReactNode;
  readonly strong?: boolean;
  readonly hint?: string;
  readonly bad?: boolean;
}

function Figures({
  title,
  hint,
  figures,
  testId,
}: {
  readonly title: string;
  readonly hint: string;
  readonly figures: readonly Figure[];
  readonly testId: string;
}) {
  return (
    <Panel title={title} testId={testId}>
      <p className={styles['hint']}>{hint}</p>
      <dl className={styles['figures']}>
        {figures.map(({ name, value, strong = false, hint: note, bad = false }) => (
          <div key={name} title={note} data-strong={strong} data-bad={bad}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}

function useInterval(row: StatusRow): string {
  const { t } = useTranslation();
  const language = useLanguage();
  if (row.p95.kind === 'atLeast') return t('status.intervalBound');
  if (row.p95.kind !== 'known' || row.p95.lowMs === null) return t('status.intervalNone');
  const low = formatDuration(row.p95.lowMs, language);
  if (row.p95.highMs === null) return t('status.intervalOpen', { low });
  return t('status.interval', { low, high: formatDuration(row.p95.highMs, language) });
}

/** How long the status takes, three ways that are never mixed: estimated, completed only, and open now. */
export function ThreeWays({ row }: { readonly row: StatusRow }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const interval = useInterval(row);
  const { estimated, completed, open } = row.figures;
  const name = (
    key: 'count' | 'openCount' | 'mean' | 'median' | 'p95' | 'interval' | 'p50Age' | 'p95Age' | 'maxAge' | 'over',
  ) => t(`status.figures.${key}`);
  return (
    <div className={styles['ways']}>
      <Figures
        title={t('status.estimated')}
        hint={t('status.estimatedHint')}
        testId="status-estimated"
        figures={[
          { name: name('p95'), value: formatEstimate(row.p95, language), strong: true },
          { name: name('interval'), value: interval },
          { name: name('mean'), value: <Duration ms={estimated.meanMs} />, hint: t('status.restrictedHint') },
          { name: name('median'), value: <Duration ms={estimated.medianMs} /> },
        ]}
      />
      <Figures
        title={t('status.completed')}
        hint={t('status.completedHint')}
        testId="status-completed"
        figures={[
          { name: name('p95'), value: <Duration ms={completed.p95Ms} />, strong: true },
          { name: name('mean'), value: <Duration ms={completed.meanMs} /> },
          { name: name('median'), value: <Duration ms={completed.medianMs} /> },
          { name: name('count'), value: formatCount(completed.count, language) },
        ]}
      />
      <Figures
        title={t('status.open')}
        hint={t('status.openHint')}
        testId="status-open"
        figures={[
          { name: name('openCount'), value: formatCount(open.count, language), strong: true },
          { name: name('over'), value: formatCount(open.overTarget, language), bad: open.overTarget > 0 },
          { name: name('p50Age'), value: <Duration ms={open.p50AgeMs} /> },
          { name: name('p95Age'), value: <Duration ms={open.p95AgeMs} /> },
          { name: name('maxAge'), value: <Duration ms={open.maxAgeMs} /> },
        ]}
      />
    </div>
  );
}
