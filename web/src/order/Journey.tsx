import { IconArrowsSplit2, IconClockQuestion, IconHourglassOff, IconPlugConnectedX } from '@tabler/icons-react';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Lifecycle, Order } from '../../../src/api/contract/index.ts';
import { formatDuration, formatDurationCompact } from '../format/duration.ts';
import { epochMs, formatTick } from '../format/time.ts';
import { useLanguage } from '../i18n/i18n.ts';
import type { Language } from '../i18n/language.ts';
import { type LifecycleView, useLifecycleView } from '../parts/lifecycle-view.ts';
import { useNow } from '../parts/NowProvider.tsx';
import { Panel } from '../parts/Panel.tsx';
import { EmptyState } from '../parts/States.tsx';
import { useWidth } from '../parts/use-width.ts';
import { FailureTicks } from './FailureTicks.tsx';
import type { Tick } from './folded-scale.ts';
import { JourneyVisit, labelLetters } from './JourneyVisit.tsx';
import styles from './journey.module.css';
import { type JourneyLane, type Journey as JourneyLayout, layoutJourney, placeLabels } from './journey.ts';
import { TraceTicks } from './TraceTicks.tsx';

function Legend({ withClock }: { readonly withClock: boolean }) {
  const { t } = useTranslation();
  return (
    <span className={styles['legend']} aria-hidden>
      <span className={styles['key']}>
        <i className={styles['swatch']} data-kind="visit" />
        {t('order.journey.legendVisit')}
      </span>
      <span className={styles['key']}>
        <i className={styles['swatch']} data-kind="over" />
        {t('order.journey.legendOver')}
      </span>
      <span className={styles['key']} data-kind="deviation">
        <IconArrowsSplit2 size={13} />
        {t('order.journey.legendDeviation')}
      </span>
      <span className={styles['key']} data-kind="failure">
        <IconHourglassOff size={13} />
        <IconPlugConnectedX size={13} />
        {t('order.journey.legendFailure')}
      </span>
      {withClock ? (
        <span className={styles['key']} data-kind="clock">
          <IconClockQuestion size={13} />
          {t('order.journey.legendClock')}
        </span>
      ) : null}
      <span className={styles['key']}>
        <i className={styles['swatch']} data-kind="fold" />
        {t('order.journey.legendFold')}
      </span>
    </span>
  );
}

/** Labels of the ticks; the first tick of a day carries the date, so that a folded axis never hides which day it is. */
function tickLabels(journey: JourneyLayout, language: Language): { tick: Tick; label: string }[] {
  return journey.ticks.map((tick, index) => {
    const before = journey.ticks[index - 1];
    const newDay = before === undefined || new Date(before.at).toDateString() !== new Date(tick.at).toDateString();
    if (!newDay || tick.step >= 3_600_000) return { tick, label: formatTick(tick.at, tick.step, language) };
    const date = formatTick(tick.at, 86_400_000, language);
    return { tick, label: `${date} ${formatTick(tick.at, tick.step, language)}` };
  });
}

function Axis({ journey }: { readonly journey: JourneyLayout }) {
  const { t } = useTranslation();
  const language = useLanguage();
  return (
    <>
      {tickLabels(journey, language).map(({ tick, label }) => (
        <span
          key={tick.at}
          className={styles['tick']}
          style={{ left: tick.x }}
          data-align={tick.x < 50 ? 'start' : tick.x > journey.scale.width - 50 ? 'end' : 'middle'}
        >
          <span className={styles['tickText']}>{label}</span>
        </span>
      ))}
      {journey.folds.map((fold) => (
        <span
          key={fold.from}
          className={styles['fold']}
          style={{ left: fold.x, width: fold.width }}
          title={t('order.journey.fold', { length: formatDuration(fold.to - fold.from, language) })}
        >
          <span className={styles['foldText']}>
            {fold.width > 74
              ? formatDuration(fold.to - fold.from, language)
              : formatDurationCompact(fold.to - fold.from, language)}
          </span>
        </span>
      ))}
      {journey.open ? (
        <span className={styles['now']} style={{ left: journey.nowX }}>
          <span className={styles['nowText']}>{t('order.journey.now')}</span>
        </span>
      ) : null}
    </>
  );
}

function laneName(system: string | null, view: LifecycleView, unknown: string): string {
  return system === null ? unknown : view.system(system);
}

/** Heights in px; the style sheet has the same. */
const LANE_PX = 44;
const ROW_PX = 36;

/** Rows of one lane stand closer together than lanes do. */
function laneHeight({ rows }: JourneyLane): number {
  return LANE_PX + (rows.length - 1) * ROW_PX;
}

/** The system of a lane, and beside each row the regions whose visits are in it. */
function LaneName({ lane }: { readonly lane: JourneyLane }) {
  const { t } = useTranslation();
  const view = useLifecycleView();
  return (
    <span className={styles['name']} data-kind="lane" style={{ height: laneHeight(lane) }}>
      {lane.rows.map((row, index) => (
        <span key={row.regions.join()} className={styles['rowName']}>
          {index === 0 ? <span>{laneName(lane.system, view, t('order.journey.unknown'))}</span> : null}
          {row.regions.length === 0 ? null : (
            <span className={styles['regions']}>{row.regions.map((region) => view.region(region)).join(', ')}</span>
          )}
        </span>
      ))}
    </span>
  );
}

const NO_LABEL = { place: 'none', withLength: false } as const;

function Plot({ journey }: { readonly journey: JourneyLayout }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const view = useLifecycleView();
  return (
    <>
      <div className={styles['lanes']}>
        {journey.lanes.map((lane) => (
          <div
            key={lane.system ?? ''}
            className={styles['lane']}
            style={{ height: laneHeight(lane) }}
            role="group"
            aria-label={laneName(lane.system, view, t('order.journey.unknown'))}
          >
            {lane.rows.map((row, place) => {
              const letters = row.bars.map((bar) => labelLetters(bar, view, language));
              const choices = placeLabels(row.bars, letters);
              return (
                <div key={row.regions.join()} className={styles['row']} style={{ top: place * ROW_PX }}>
                  {row.bars.map((bar, index) => (
                    <JourneyVisit key={bar.index} bar={bar} choice={choices[index] ?? NO_LABEL} />
                  ))}
                </div>
              );
            })}
          </div>
        ))}
        {journey.failures.length === 0 ? null : <FailureTicks ticks={journey.failures} />}
        <TraceTicks ticks={journey.traces} />
      </div>
      <Axis journey={journey} />
    </>
  );
}

function Title({ totalMs }: { readonly totalMs: number | undefined }) {
  const { t } = useTranslation();
  const language = useLanguage();
  return (
    <>
      {t('order.journey.title')}
      <span className={styles['total']}>
        {totalMs === undefined ? '' : t('order.journey.total', { length: formatDuration(totalMs, language) })}
      </span>
    </>
  );
}

/** Lays the journey out for the width it gets and, while the order is open, for every second. */
function useJourney(order: Order, lifecycle: Lifecycle, width: number): JourneyLayout | undefined {
  const now = useNow();
  const nowMs = order.closedAt === null ? now : epochMs(order.closedAt);
  return useMemo(() => {
    if (width === 0 || order.visits.length === 0) return undefined;
    const zoneOffsetMs = -new Date(nowMs).getTimezoneOffset() * 60_000;
    return layoutJourney(order, lifecycle, nowMs, width, zoneOffsetMs);
  }, [order, lifecycle, nowMs, width]);
}

/** The way of the order through the systems over real time, with long idle gaps folded. */
export function Journey({ order, lifecycle }: { readonly order: Order; readonly lifecycle: Lifecycle }) {
  const { t } = useTranslation();
  const { ref, width } = useWidth();
  const journey = useJourney(order, lifecycle, width);
  if (order.visits.length === 0) {
    return (
      <Panel title={t('order.journey.title')} testId="order-journey">
        <EmptyState title={t('order.journey.empty')} hint={t('order.journey.emptyHint')} />
      </Panel>
    );
  }
  // Known before the width is, so that nothing below jumps when the journey appears.
  const lanes = journey?.lanes.map(laneHeight) ?? lifecycle.systems.map(() => LANE_PX);
  const height = 44 + lanes.reduce((sum, each) => sum + each, 0) + (order.failures.length === 0 ? 0 : 32) + 46;
  return (
    <Panel
      title={<Title totalMs={journey?.totalMs} />}
      aside={<Legend withClock={order.clockAnomalies.length > 0} />}
      label={t('order.journey.label')}
      testId="order-journey"
    >
      <div className={styles['journey']}>
        <div className={styles['names']} aria-hidden>
          {journey?.lanes.map((lane) => (
            <LaneName key={lane.system ?? ''} lane={lane} />
          ))}
          {order.failures.length === 0 ? null : (
            <span className={styles['name']} data-kind="failures">
              {t('order.journey.failures')}
            </span>
          )}
          <span className={styles['name']} data-kind="traces">
            {t('order.journey.traces')}
          </span>
        </div>
        <div ref={ref} className={styles['plot']} style={{ height }}>
          {journey === undefined ? null : <Plot journey={journey} />}
        </div>
      </div>
    </Panel>
  );
}
