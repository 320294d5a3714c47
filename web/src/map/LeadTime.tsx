import { Skeleton } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Statuses } from '../../../src/api/contract/index.ts';
import { formatCount, formatPercent } from '../format/number.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { useLifecycleView } from '../parts/lifecycle-view.ts';
import { HealthMark } from '../parts/Marks.tsx';
import { Panel } from '../parts/Panel.tsx';
import { Duration } from '../parts/Times.tsx';
import { estimatedP95, estimateHealth, formatEstimate, formatInterval } from './estimate.ts';
import styles from './map.module.css';

type Lead = Statuses['leadTime'];

/** Where orders end, and how likely. */
function Outcomes({ outcomes }: { readonly outcomes: Lead['outcomes'] }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const view = useLifecycleView();
  const settled = outcomes.reduce((sum, { probability }) => sum + probability, 0);
  return (
    <ul className={styles['outcomes']} aria-label={t('map.lead.outcomes')}>
      {outcomes.map(({ status, orders, probability }) => (
        <li key={status}>
          <span>{view.status(status)}</span>
          <meter min={0} max={1} value={probability} aria-hidden />
          <span title={t('map.lead.outcomeHint', { orders: formatCount(orders, language) })}>
            {formatPercent(probability, language)}
          </span>
        </li>
      ))}
      {settled > 0.9995 ? null : (
        <li className="wb-dim">
          <span>{t('map.lead.unsettled')}</span>
          <meter min={0} max={1} value={1 - settled} aria-hidden />
          <span>{formatPercent(1 - settled, language)}</span>
        </li>
      )}
    </ul>
  );
}

/** How long whole orders take, and where they end. */
export function LeadTime({ lead }: { readonly lead: Lead | undefined }) {
  const { t } = useTranslation();
  const language = useLanguage();
  if (lead === undefined) return <Skeleton height={120} mb={12} />;
  const p95 = estimatedP95(lead);
  const figures: { name: string; value: ReactNode; strong?: boolean }[] = [
    { name: t('map.lead.p95'), value: formatEstimate(p95, language), strong: true },
    ...(lead.targetMs === null
      ? []
      : [
          {
            name: t('map.lead.target'),
            value: (
              <>
                <Duration ms={lead.targetMs} /> <HealthMark health={estimateHealth(p95, lead.targetMs)} />
              </>
            ),
          },
        ]),
    { name: t('map.columns.interval'), value: formatInterval(p95, language) },
    { name: t('map.columns.mean'), value: <Duration ms={lead.estimated.meanMs} /> },
    { name: t('status.figures.median'), value: <Duration ms={lead.estimated.medianMs} /> },
    { name: t('map.lead.completed', { count: lead.completed.count }), value: <Duration ms={lead.completed.p95Ms} /> },
    { name: t('map.lead.completedMean'), value: <Duration ms={lead.completed.meanMs} /> },
  ];
  return (
    <Panel title={t('map.lead.title')} testId="lead-time">
      <p className={styles['leadHint']}>{t('map.lead.hint')}</p>
      <div className={styles['lead']}>
        <dl className={styles['leadFigures']}>
          {figures.map(({ name, value, strong }) => (
            <div key={name} data-strong={strong}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
        <Outcomes outcomes={lead.outcomes} />
      </div>
    </Panel>
  );
}
