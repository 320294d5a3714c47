import { Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { Order, OrderBreakdown, VisitBreakdown } from '../../../src/api/contract/index.ts';
import { BreakdownBar, BreakdownLegend, type Colors, PartName } from '../breakdown/BreakdownBar.tsx';
import styles from '../breakdown/breakdown.module.css';
import { formatShare, largest, type Part, visitParts } from '../breakdown/parts.ts';
import { orderBreakdownQuery } from '../data/queries.ts';
import { formatDuration } from '../format/duration.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { useLifecycleView } from '../parts/lifecycle-view.ts';
import { StatusPill } from '../parts/Marks.tsx';
import { Panel } from '../parts/Panel.tsx';
import { QueryError } from '../parts/States.tsx';
import { serviceColors } from '../trace/service-color.ts';

type Visit = OrderBreakdown['visits'][number] & { readonly breakdown: VisitBreakdown };

/** Height of a row and of the note below; unit px. */
const ROW_PX = 28;
const NOTE_PX = 30;

function useExtra(): (breakdown: VisitBreakdown) => string[] {
  const { t } = useTranslation();
  const language = useLanguage();
  return ({ externals, spanCount, anomalyCount }) => [
    ...(externals.length === 0
      ? []
      : [
          t('breakdown.externals', {
            names: externals.map(({ name, ms }) => `${name} ${formatDuration(ms, language)}`).join(', '),
          }),
        ]),
    t('breakdown.spans', { count: spanCount }),
    ...(anomalyCount === 0 ? [] : [t('breakdown.anomalies', { count: anomalyCount })]),
  ];
}

function Most({ parts, colors }: { readonly parts: readonly Part[]; readonly colors: Colors }) {
  const language = useLanguage();
  return (
    <span className={styles['most']} aria-hidden>
      {largest(parts, 2).map((part) => (
        <span key={part.kind === 'service' ? `service ${part.service}` : part.kind} className={styles['key']}>
          <PartName part={part} colors={colors} />
          <span className="wb-number">{formatShare(part.share, language)}</span>
        </span>
      ))}
    </span>
  );
}

function Row({ visit, colors }: { readonly visit: Visit; readonly colors: Colors }) {
  const language = useLanguage();
  const view = useLifecycleView();
  const extra = useExtra();
  const { lengthMs } = visit;
  const parts = visitParts(visit.breakdown, lengthMs);
  const length = formatDuration(lengthMs, language);
  return (
    <li className={styles['row']} data-testid={`breakdown-${visit.status}`}>
      <span>
        <StatusPill status={visit.status} />
      </span>
      <span className={`${styles['length']} wb-number`}>{length}</span>
      <BreakdownBar
        parts={parts}
        colors={colors}
        label={`${view.status(visit.status)}, ${length}`}
        extra={extra(visit.breakdown)}
      />
      <Most parts={parts} colors={colors} />
    </li>
  );
}

/** What each visit of the order consists of: work by service, queues, external calls, and time in which nobody worked. */
export function VisitBreakdowns({ order }: { readonly order: Order }) {
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery(orderBreakdownQuery(order.orderId));
  if (order.traces.length === 0 || order.visits.length === 0) return null;
  const visits = (data?.visits ?? []).filter((visit): visit is Visit => visit.breakdown !== null);
  const services = [...new Set(visits.flatMap(({ breakdown }) => breakdown.services.map(({ service }) => service)))];
  const colors = serviceColors(services);
  return (
    <Panel
      title={t('breakdown.orderTitle')}
      aside={<BreakdownLegend services={services.toSorted()} colors={colors} />}
      testId="order-breakdown"
    >
      {data === undefined ? (
        error === null ? (
          <Skeleton height={order.visits.length * ROW_PX + NOTE_PX} />
        ) : (
          <QueryError error={error} retry={() => void refetch()} />
        )
      ) : (
        <>
          <ul className={styles['rows']}>
            {visits.map((visit) => (
              <Row key={`${visit.status} ${visit.enteredAt}`} visit={visit} colors={colors} />
            ))}
          </ul>
          <p className={styles['note']}>
            {t(visits.length === 0 ? 'breakdown.nothing' : 'breakdown.note')}{' '}
            {data.truncated ? t('breakdown.truncated') : ''}
          </p>
        </>
      )}
    </Panel>
  );
}
