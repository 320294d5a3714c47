import { BulletChart } from '@mantine/charts';
import { Table } from '@mantine/core';
import { IconClockExclamation } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { formatCount } from '../format/number.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { useLifecycleView } from '../parts/lifecycle-view.ts';
import { HealthMark } from '../parts/Marks.tsx';
import { Duration } from '../parts/Times.tsx';
import styles from './map.module.css';
import type { StatusRow } from './rows.ts';

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

// The chart is a line of a table; its figures stand in the columns beside it.
const NO_LABELS = {
  rangeLabel: styles['noLabel'] ?? '',
  barLabel: styles['noLabel'] ?? '',
  targetLabel: styles['noLabel'] ?? '',
};

function TargetChart({ row }: { readonly row: StatusRow }) {
  const { t } = useTranslation();
  const language = useLanguage();
  if (row.figures.final) return null;
  if (row.share === null) return <HealthMark health={row.health} />;
  const percent = new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 0 }).format(row.share);
  return (
    <div className={styles['bullet']} title={`${t('map.chartShare')}: ${percent}`}>
      <BulletChart
        value={Math.min(row.share, SHARE_CAP) * 100}
        target={100}
        ranges={RANGES}
        size={14}
        barSize={6}
        targetRatio={1}
        targetSize={2}
        barColor={BAR[row.health]}
        targetColor="var(--wb-text)"
        className={styles['bulletTrack'] ?? ''}
        classNames={NO_LABELS}
        aria-hidden
      />
      <span className={`${styles['bulletText']} wb-number`}>{percent}</span>
      <HealthMark health={row.health} />
    </div>
  );
}

function Row({ row }: { readonly row: StatusRow }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const view = useLifecycleView();
  const { figures } = row;
  return (
    <Table.Tr>
      <Table.Th scope="row" className={styles['statusCell'] ?? ''}>
        <Link to="/orders" search={{ status: figures.status }} className="wb-link" title={figures.status}>
          {figures.label[language]}
        </Link>
        <span className={styles['systemName']}>
          {figures.system === null ? t('map.unknownLane') : view.system(figures.system)}
        </span>
      </Table.Th>
      <Table.Td ta="right">{formatCount(figures.open.count, language)}</Table.Td>
      <Table.Td ta="right">
        {figures.open.overTarget === 0 ? (
          <span className="wb-dim">0</span>
        ) : (
          <span className={styles['over']}>
            <IconClockExclamation size={13} stroke={2} aria-hidden />
            {formatCount(figures.open.overTarget, language)}
          </span>
        )}
      </Table.Td>
      <Table.Td ta="right">
        <Duration ms={figures.final ? null : figures.open.maxAgeMs} />
      </Table.Td>
      <Table.Td ta="right">{formatCount(figures.completed.count, language)}</Table.Td>
      <Table.Td ta="right">
        <Duration ms={figures.completed.meanMs} />
      </Table.Td>
      <Table.Td ta="right">
        <Duration ms={figures.completed.medianMs} />
      </Table.Td>
      <Table.Td ta="right">
        <Duration ms={figures.completed.p95Ms} />
      </Table.Td>
      <Table.Td ta="right">
        <Duration ms={figures.targetMs} />
      </Table.Td>
      <Table.Td>
        <TargetChart row={row} />
      </Table.Td>
    </Table.Tr>
  );
}

const COLUMNS = ['now', 'over', 'oldest', 'exits', 'mean', 'median', 'p95', 'target'] as const;

/** The figures behind the map, one row a status, with the p95 drawn against the target. */
export function StatusTable({ rows }: { readonly rows: readonly StatusRow[] }) {
  const { t } = useTranslation();
  return (
    <Table.ScrollContainer minWidth={900}>
      <Table verticalSpacing={5} horizontalSpacing={12} highlightOnHover className={styles['table'] ?? ''}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('map.columns.status')}</Table.Th>
            {COLUMNS.map((column) => (
              <Table.Th key={column} ta="right">
                {t(`map.columns.${column}`)}
              </Table.Th>
            ))}
            <Table.Th title={t('map.chartHint')}>{t('map.chartTitle')}</Table.Th>
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
