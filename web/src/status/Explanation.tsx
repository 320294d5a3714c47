import { Skeleton, Table } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { ExplanationAnswer } from '../../../src/api/contract/index.ts';
import { explainQuery } from '../data/queries.ts';
import { formatDuration } from '../format/duration.ts';
import { formatCount, formatPercent } from '../format/number.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { DataTable } from '../parts/DataTable.tsx';
import { Panel } from '../parts/Panel.tsx';
import { EmptyState, QueryError } from '../parts/States.tsx';
import styles from './status.module.css';

function Compared({ found }: { readonly found: ExplanationAnswer }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { thresholdMs, slow, judged, undecided } = found;
  const parts = [
    thresholdMs === null
      ? ''
      : t('status.explain.slow', {
          slow: formatCount(slow, language),
          count: judged,
          threshold: formatDuration(thresholdMs, language),
        }),
    undecided === 0 ? '' : t('status.explain.undecided', { count: undecided }),
  ];
  return <p className={styles['compared']}>{parts.join(' ')}</p>;
}

function Findings({ found }: { readonly found: ExplanationAnswer }) {
  const { t } = useTranslation();
  const language = useLanguage();
  if (found.findings.length === 0) {
    const kind = found.thresholdMs === null ? 'few' : 'empty';
    return <EmptyState title={t(`status.explain.${kind}`)} hint={t(`status.explain.${kind}Hint`)} />;
  }
  const digits = new Intl.NumberFormat(language, { maximumSignificantDigits: 2 });
  const right = { align: 'right' } as const;
  const columns = [
    { key: 'attribute', name: t('status.explain.columns.attribute') },
    { key: 'value', name: t('status.explain.columns.value') },
    { key: 'support', name: t('status.explain.columns.support'), hint: t('status.explain.supportHint'), ...right },
    { key: 'lift', name: t('status.explain.columns.lift'), hint: t('status.explain.liftHint'), ...right },
    { key: 'p', name: t('status.explain.columns.p'), hint: t('status.explain.pHint'), ...right },
  ];
  const more = found.significant - found.findings.length;
  return (
    <>
      <DataTable columns={columns} minWidth={620} testId="explain-findings">
        {found.findings.map((finding) => (
          <Table.Tr key={`${finding.attribute}=${finding.value}`}>
            <Table.Td className="wb-dim">{finding.attribute}</Table.Td>
            <Table.Td fw={600}>{finding.value}</Table.Td>
            <Table.Td ta="right" title={`${finding.slow} / ${finding.visits}`}>
              {formatPercent(finding.support, language)}{' '}
              <span className="wb-dim">
                ({formatCount(finding.slow, language)} / {formatCount(found.slow, language)})
              </span>
            </Table.Td>
            <Table.Td ta="right">{t('status.explain.lift', { lift: digits.format(finding.lift) })}</Table.Td>
            <Table.Td ta="right">
              {finding.adjustedPValue < 0.0001 ? '< ' : ''}
              {digits.format(Math.max(0.0001, finding.adjustedPValue))}
            </Table.Td>
          </Table.Tr>
        ))}
      </DataTable>
      {more > 0 ? <p className={styles['compared']}>{t('status.explain.more', { count: more })}</p> : null}
    </>
  );
}

/** Attribute values that slow visits to the status have more often than others. */
export function Explanation({ status }: { readonly status: string }) {
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery(explainQuery(status));
  return (
    <Panel flush title={t('status.explain.title')} testId="status-explain">
      {data === undefined ? (
        error === null ? (
          <Skeleton height={120} />
        ) : (
          <QueryError error={error} retry={() => void refetch()} />
        )
      ) : (
        <>
          <Compared found={data} />
          <Findings found={data} />
        </>
      )}
    </Panel>
  );
}
