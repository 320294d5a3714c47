import { Table } from '@mantine/core';
import { IconArrowsSplit2, IconBinaryTree2, IconClockExclamation, IconClockQuestion } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { Fragment } from 'react';
import { useTranslation } from 'react-i18next';
import type { Evidence, Order, Visit } from '../../../src/api/contract/index.ts';
import { formatDuration } from '../format/duration.ts';
import { epochMs } from '../format/time.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { useLifecycleView } from '../parts/lifecycle-view.ts';
import { StatusPill } from '../parts/Marks.tsx';
import { Age, Duration, Instant } from '../parts/Times.tsx';
import { useAnomalyText } from './anomaly-text.ts';
import styles from './order.module.css';

function EvidenceCells({ evidence }: { readonly evidence: Evidence }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const skew = epochMs(evidence.observedAt) - epochMs(evidence.occurredAt);
  const length = formatDuration(Math.abs(skew), language);
  const note = skew < 0 ? t('order.transitions.skewNegative', { length }) : t('order.transitions.skew', { length });
  return (
    <>
      <Table.Td>
        {evidence.source} <span className="wb-dim">{t(`order.transitions.kinds.${evidence.kind}`)}</span>
      </Table.Td>
      <Table.Td>
        <Instant at={evidence.occurredAt} />
      </Table.Td>
      <Table.Td>
        <Instant at={evidence.observedAt} />{' '}
        <span className={skew < 0 ? styles['skew'] : 'wb-dim'} title={note}>
          {skew < 0 ? `−${length}` : `+${length}`}
        </span>
      </Table.Td>
      <Table.Td>
        {evidence.traceId === null ? (
          <span className="wb-dim">—</span>
        ) : (
          <Link
            to="/traces/$traceId"
            params={{ traceId: evidence.traceId }}
            search={evidence.spanId === null ? {} : { span: evidence.spanId }}
            className={`wb-link ${styles['traceLink']}`}
            title={t('order.transitions.toTrace')}
          >
            <IconBinaryTree2 size={14} stroke={1.7} aria-hidden />
            <span className="wb-mono">{evidence.traceId.slice(0, 8)}</span>
          </Link>
        )}
      </Table.Td>
    </>
  );
}

function Stayed({ visit }: { readonly visit: Visit }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const view = useLifecycleView();
  if (view.final(visit.status) && visit.leftAt === null) return <span className="wb-dim">{t('orders.final')}</span>;
  if (visit.dwellMs === null) return <Age since={visit.enteredAt} />;
  const target = view.targetMs(visit.status);
  if (target === null || visit.dwellMs <= target) return <Duration ms={visit.dwellMs} />;
  const label = t('order.journey.overTarget', {
    over: formatDuration(visit.dwellMs - target, language),
    target: formatDuration(target, language),
  });
  return (
    <span className={styles['over']} title={label}>
      <IconClockExclamation size={14} stroke={2} aria-label={label} />
      <Duration ms={visit.dwellMs} />
    </span>
  );
}

function VisitRows({ order, visit, index }: { readonly order: Order; readonly visit: Visit; readonly index: number }) {
  const [first, ...more] = visit.evidence;
  const { t } = useTranslation();
  const view = useLifecycleView();
  const explain = useAnomalyText();
  const deviates = order.deviations.some((deviation) => deviation.visitIndex === index);
  const anomalies = order.clockAnomalies.filter((anomaly) => anomaly.visitIndex === index);
  return (
    <Fragment>
      <Table.Tr>
        <Table.Td className="wb-dim wb-number">{index + 1}</Table.Td>
        <Table.Td>
          <span className={styles['entered']}>
            <StatusPill status={visit.status} />
            {visit.region === null ? null : <span className="wb-dim">{view.region(visit.region)}</span>}
            {deviates ? (
              <IconArrowsSplit2 size={15} stroke={1.9} className={styles['deviationIcon']} aria-hidden />
            ) : null}
            {anomalies.length === 0 ? null : (
              <span className={styles['clock']} title={anomalies.map(explain).join('\n')}>
                <IconClockQuestion size={15} stroke={1.9} aria-hidden />
                {t('order.clock.short')}
              </span>
            )}
          </span>
        </Table.Td>
        <Table.Td>
          <Stayed visit={visit} />
        </Table.Td>
        {first === undefined ? <Table.Td colSpan={4} /> : <EvidenceCells evidence={first} />}
      </Table.Tr>
      {more.map((evidence) => (
        <Table.Tr key={evidence.id} className={styles['more'] ?? ''}>
          <Table.Td colSpan={3} />
          <EvidenceCells evidence={evidence} />
        </Table.Tr>
      ))}
    </Fragment>
  );
}

/** Every entry into a status with what witnessed it, by both clocks. */
export function TransitionsTable({ order }: { readonly order: Order }) {
  const { t } = useTranslation();
  return (
    <Table.ScrollContainer minWidth={940}>
      <Table verticalSpacing={4} horizontalSpacing={14} className={styles['table'] ?? ''}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={44}>#</Table.Th>
            <Table.Th>{t('order.transitions.status')}</Table.Th>
            <Table.Th>{t('order.transitions.dwell')}</Table.Th>
            <Table.Th>{t('order.transitions.source')}</Table.Th>
            <Table.Th>{t('order.transitions.occurred')}</Table.Th>
            <Table.Th>{t('order.transitions.observed')}</Table.Th>
            <Table.Th>{t('order.transitions.evidence')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {order.visits.map((visit, index) => (
            <VisitRows key={`${index}:${visit.status}`} order={order} visit={visit} index={index} />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
