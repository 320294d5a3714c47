import { Table } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { StatusFigures } from '../../../src/api/contract/index.ts';
import { BreakdownBar, PartName } from '../breakdown/BreakdownBar.tsx';
import styles from '../breakdown/breakdown.module.css';
import { formatShare, meanParts } from '../breakdown/parts.ts';
import { formatDuration } from '../format/duration.ts';
import { formatCount, formatPercent } from '../format/number.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { useLifecycleView } from '../parts/lifecycle-view.ts';
import { Panel } from '../parts/Panel.tsx';
import { Duration } from '../parts/Times.tsx';
import { serviceColors } from '../trace/service-color.ts';

/** Where the time of an average visit to the status goes. */
export function StatusBreakdown({ figures }: { readonly figures: StatusFigures }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const view = useLifecycleView();
  const { breakdown } = figures;
  if (breakdown === null) {
    return (
      <Panel title={t('breakdown.statusTitle')} testId="status-breakdown">
        <p className={styles['note']}>{t('breakdown.none')}</p>
      </Panel>
    );
  }
  const parts = meanParts(breakdown);
  const colors = serviceColors(breakdown.services.map(({ service }) => service));
  const mean = formatDuration(breakdown.meanMs, language);
  return (
    <Panel
      title={t('breakdown.statusTitle')}
      aside={
        <span className="wb-dim">
          {t('breakdown.average', {
            count: breakdown.visits,
            visits: formatCount(breakdown.visits, language),
            mean,
            coverage: formatPercent(breakdown.coverage, language),
          })}
        </span>
      }
      testId="status-breakdown"
    >
      <BreakdownBar parts={parts} colors={colors} label={`${view.status(figures.status)}, ${mean}`} extra={[]} wide />
      <Table
        className={styles['table'] ?? ''}
        verticalSpacing={3}
        horizontalSpacing={8}
        w="auto"
        withRowBorders={false}
      >
        <Table.Tbody>
          {parts.map((part) => (
            <Table.Tr key={part.kind === 'service' ? `service ${part.service}` : part.kind}>
              <Table.Td>
                <PartName part={part} colors={colors} />
              </Table.Td>
              <Table.Td ta="right">
                <Duration ms={part.ms} />
              </Table.Td>
              <Table.Td ta="right" className="wb-number">
                {formatShare(part.share, language)}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <p className={styles['note']}>{t('breakdown.note')}</p>
    </Panel>
  );
}
