import { Table } from '@mantine/core';
import { IconAlertTriangle, IconClockExclamation } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { formatCount } from '../format/number.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { useLifecycleView } from '../parts/lifecycle-view.ts';
import { TargetBar } from '../parts/TargetBar.tsx';
import { Duration } from '../parts/Times.tsx';
import { formatEstimate, formatInterval } from './estimate.ts';
import styles from './map.module.css';
import type { StatusRow } from './rows.ts';

function Alarm({ count, icon }: { readonly count: number | null; readonly icon: ReactNode }) {
  const language = useLanguage();
  if (count === null || count === 0) return <span className="wb-dim">{count === null ? '—' : '0'}</span>;
  return (
    <span className={styles['over']}>
      {icon}
      {formatCount(count, language)}
    </span>
  );
}

function Row({ row }: { readonly row: StatusRow }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const view = useLifecycleView();
  const { figures } = row;
  const { status, open, completed, estimated } = figures;
  const region = view.lifecycle?.statuses.find(({ id }) => id === status)?.region ?? null;
  return (
    <Table.Tr data-testid={`status-row-${status}`}>
      <Table.Th scope="row" className={styles['statusCell'] ?? ''}>
        <Link to="/statuses/$status" params={{ status }} className="wb-link" title={status}>
          {figures.label[language]}
        </Link>
        <span className={styles['systemName']}>
          {figures.system === null ? t('map.unknownLane') : view.system(figures.system)}
          {region === null ? '' : ` · ${view.region(region)}`}
        </span>
      </Table.Th>
      <Table.Td ta="right">
        <Alarm count={row.failures} icon={<IconAlertTriangle size={13} stroke={2} aria-hidden />} />
      </Table.Td>
      <Table.Td ta="right" className={styles['first'] ?? ''}>
        <Link to="/orders" search={{ status }} className="wb-link">
          {formatCount(open.count, language)}
        </Link>
      </Table.Td>
      <Table.Td ta="right">
        <Alarm count={open.overTarget} icon={<IconClockExclamation size={13} stroke={2} aria-hidden />} />
      </Table.Td>
      <Table.Td ta="right">
        <Duration ms={figures.final ? null : open.maxAgeMs} />
      </Table.Td>
      <Table.Td ta="right" className={styles['first'] ?? ''}>
        <Duration ms={estimated.meanMs} />
      </Table.Td>
      <Table.Td ta="right" fw={600} data-health={row.health}>
        {formatEstimate(row.p95, language)}
      </Table.Td>
      <Table.Td ta="right">{formatInterval(row.p95, language)}</Table.Td>
      <Table.Td ta="right">
        <Duration ms={figures.targetMs} />
      </Table.Td>
      <Table.Td>
        <TargetBar row={row} />
      </Table.Td>
      <Table.Td ta="right" className={styles['first'] ?? ''}>
        {formatCount(completed.count, language)}
      </Table.Td>
      <Table.Td ta="right">
        <Duration ms={completed.meanMs} />
      </Table.Td>
      <Table.Td ta="right">
        <Duration ms={completed.p95Ms} />
      </Table.Td>
    </Table.Tr>
  );
}

const OPEN = ['now', 'over', 'oldest'] as const;
const ESTIMATED = ['mean', 'p95', 'interval', 'target'] as const;
const COMPLETED = ['exits', 'mean', 'p95'] as const;

/** The figures behind the map, one row a status: open now, estimated and completed stand apart, never mixed. */
export function StatusTable({ rows }: { readonly rows: readonly StatusRow[] }) {
  const { t } = useTranslation();
  const heads = (group: string, columns: readonly (typeof OPEN | typeof ESTIMATED | typeof COMPLETED)[number][]) =>
    columns.map((column, index) => (
      <Table.Th key={`${group}:${column}`} ta="right" className={index === 0 ? (styles['first'] ?? '') : ''}>
        {t(`map.columns.${column}`)}
      </Table.Th>
    ));
  const first = styles['first'] ?? '';
  return (
    <Table.ScrollContainer minWidth={1180}>
      <Table verticalSpacing={5} horizontalSpacing={10} highlightOnHover className={styles['table'] ?? ''}>
        <Table.Thead>
          <Table.Tr className={styles['groups'] ?? ''}>
            <Table.Th colSpan={2} />
            <Table.Th colSpan={OPEN.length} className={first} title={t('status.openHint')}>
              {t('map.groups.open')}
            </Table.Th>
            <Table.Th colSpan={ESTIMATED.length + 1} className={first} title={t('status.estimatedHint')}>
              {t('map.groups.estimated')}
            </Table.Th>
            <Table.Th colSpan={COMPLETED.length} className={first} title={t('status.completedHint')}>
              {t('map.groups.completed')}
            </Table.Th>
          </Table.Tr>
          <Table.Tr>
            <Table.Th>{t('map.columns.status')}</Table.Th>
            <Table.Th ta="right">{t('map.columns.failures')}</Table.Th>
            {heads('open', OPEN)}
            {heads('estimated', ESTIMATED)}
            <Table.Th title={t('map.chartHint')}>{t('map.chartTitle')}</Table.Th>
            {heads('completed', COMPLETED)}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Row key={row.figures.status} row={row} />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
