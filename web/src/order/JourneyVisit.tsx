import { Tooltip } from '@mantine/core';
import { IconArrowsSplit2, IconCircleCheckFilled, IconClockExclamation, IconClockQuestion } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { formatDuration, formatDurationCompact } from '../format/duration.ts';
import { formatExact } from '../format/time.ts';
import { useLanguage } from '../i18n/i18n.ts';
import type { Language } from '../i18n/language.ts';
import { type LifecycleView, useLifecycleView } from '../parts/lifecycle-view.ts';
import { useAnomalyText } from './anomaly-text.ts';
import { useDeviationText } from './deviation-text.ts';
import styles from './journey.module.css';
import type { LabelChoice, LabelLetters, VisitBar } from './journey.ts';

/** What there is to say about a visit, one line each; the first is its name. */
function useLines(bar: VisitBar): string[] {
  const { t } = useTranslation();
  const language = useLanguage();
  const view = useLifecycleView();
  const explain = useDeviationText();
  const explainAnomaly = useAnomalyText();
  const { visit, open, final, lengthMs, targetMs, overMs } = bar;
  const lines = [`${view.status(visit.status)} (${visit.status})`];
  if (visit.region !== null) lines.push(t('order.journey.region', { region: view.region(visit.region) }));
  lines.push(t('order.journey.from', { at: formatExact(visit.enteredAt, language) }));
  if (visit.leftAt !== null) lines.push(t('order.journey.until', { at: formatExact(visit.leftAt, language) }));
  const length = formatDuration(lengthMs, language);
  if (!final) lines.push(open ? t('order.journey.age', { length }) : t('order.journey.dwell', { length }));
  if (targetMs !== null) {
    const target = formatDuration(targetMs, language);
    const over = formatDuration(overMs, language);
    lines.push(overMs > 0 ? t('order.journey.overTarget', { over, target }) : t('order.journey.within', { target }));
  }
  return [...lines, ...bar.deviations.map(explain), ...bar.anomalies.map(explainAnomaly)];
}

function labelTexts(bar: VisitBar, view: LifecycleView, language: Language): { name: string; length: string } {
  const length = bar.final ? '' : formatDurationCompact(bar.lengthMs, language);
  return { name: view.status(bar.visit.status), length };
}

/** Room an icon takes in a label, in letters. */
const MARK_LETTERS = 2.5;

/** How much room the label of a bar needs. */
export function labelLetters(bar: VisitBar, view: LifecycleView, language: Language): LabelLetters {
  const { name, length } = labelTexts(bar, view, language);
  const marks =
    [bar.overMs > 0, bar.deviations.length > 0, bar.anomalies.length > 0].filter(Boolean).length * MARK_LETTERS;
  return { name: name.length + marks, length: length.length };
}

function Marks({ bar }: { readonly bar: VisitBar }) {
  return (
    <>
      {bar.overMs > 0 ? <IconClockExclamation size={14} stroke={2} className={styles['overIcon']} aria-hidden /> : null}
      {bar.deviations.length > 0 ? (
        <IconArrowsSplit2 size={14} stroke={2} className={styles['deviationIcon']} aria-hidden />
      ) : null}
      {bar.anomalies.length > 0 ? (
        <IconClockQuestion size={14} stroke={2} className={styles['clockIcon']} aria-hidden />
      ) : null}
    </>
  );
}

/** One visit as a bar; leads to the trace that witnessed the entry, where there is one. */
export function JourneyVisit({ bar, choice }: { readonly bar: VisitBar; readonly choice: LabelChoice }) {
  const language = useLanguage();
  const view = useLifecycleView();
  const lines = useLines(bar);
  const { name, length } = labelTexts(bar, view, language);
  const { place, withLength } = choice;
  const witness = bar.visit.evidence.find((evidence) => evidence.traceId !== null);
  const label = (
    <span className={styles['label']} data-place={place}>
      <Marks bar={bar} />
      {place === 'none' ? null : <span>{name}</span>}
      {withLength ? <span className={styles['length']}>{length}</span> : null}
    </span>
  );
  const shape: ReactNode = bar.final ? (
    <IconCircleCheckFilled size={18} className={styles['final']} aria-hidden />
  ) : (
    <span className={styles['bar']} data-open={bar.open}>
      {bar.overX === undefined ? null : <span className={styles['barOver']} style={{ left: bar.overX }} />}
    </span>
  );
  const shared = {
    className: styles['visit'] ?? '',
    style: { left: bar.x, width: bar.width },
    'data-testid': `journey-visit-${bar.visit.status}`,
    'data-deviating': bar.deviations.length > 0,
    'aria-label': lines.join('; '),
  };
  return (
    <Tooltip label={<span className={styles['tooltip']}>{lines.join('\n')}</span>} openDelay={80}>
      {witness === undefined || witness.traceId === null ? (
        <span {...shared} role="img" tabIndex={0}>
          {shape}
          {label}
        </span>
      ) : (
        <Link
          {...shared}
          to="/traces/$traceId"
          params={{ traceId: witness.traceId }}
          search={witness.spanId === null ? {} : { span: witness.spanId }}
        >
          {shape}
          {label}
        </Link>
      )}
    </Tooltip>
  );
}
