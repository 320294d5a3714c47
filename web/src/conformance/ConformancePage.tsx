import { Skeleton } from '@mantine/core';
import { IconArrowsSplit2, IconCircleCheck, IconProgressCheck } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { Conformance } from '../../../src/api/contract/index.ts';
import { conformanceQuery } from '../data/queries.ts';
import { formatCount, formatPercent } from '../format/number.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { PageHead } from '../parts/PageHead.tsx';
import { Panel } from '../parts/Panel.tsx';
import { EmptyState, QueryError } from '../parts/States.tsx';
import styles from './conformance.module.css';
import { Deviations } from './Deviations.tsx';
import { Variants } from './Variants.tsx';

const REPLAY = [
  { key: 'fits', text: 'fits', hint: 'fitsHint', icon: IconCircleCheck },
  { key: 'fitsSoFar', text: 'fits_so_far', hint: 'fitsSoFarHint', icon: IconProgressCheck },
  { key: 'deviates', text: 'deviates', hint: 'deviatesHint', icon: IconArrowsSplit2 },
] as const;

function ReplayCounts({ found }: { readonly found: Conformance }) {
  const { t } = useTranslation();
  const language = useLanguage();
  return (
    <ul className={styles['cards']} aria-label={t('conformance.replay')} data-testid="conformance-replay">
      {REPLAY.map(({ key, text, hint, icon: Icon }) => (
        <li key={key} className={styles['card']} data-replay={text} data-zero={found.replay[key] === 0}>
          <span className={styles['cardName']}>
            <Icon size={15} stroke={1.9} aria-hidden />
            {t(`conformance.${text}`)}
          </span>
          <span className={styles['cardValue']}>
            {formatCount(found.replay[key], language)}
            <span className={styles['cardOf']}>{t('map.kpi.total', { count: found.orders })}</span>
          </span>
          <span className={styles['cardHint']}>{t(`conformance.${hint}`)}</span>
        </li>
      ))}
    </ul>
  );
}

function Fitness({ found }: { readonly found: Conformance }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { fittingPercent, averageTraceFitness, logFitness } = found.alignment;
  const fitness = (value: number | null): string =>
    value === null ? '—' : new Intl.NumberFormat(language, { maximumFractionDigits: 4 }).format(value);
  const figures = [
    ['fittingPercent', fittingPercent === null ? '—' : formatPercent(fittingPercent / 100, language)],
    ['averageTraceFitness', fitness(averageTraceFitness)],
    ['logFitness', fitness(logFitness)],
  ] as const;
  return (
    <Panel
      title={t('conformance.fitness')}
      aside={<span className="wb-dim">{t('conformance.fitnessHint')}</span>}
      testId="conformance-fitness"
    >
      <dl className={styles['fitness']}>
        {figures.map(([key, value]) => (
          <div key={key}>
            <dt>{t(`conformance.${key}`)}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {found.leftOut === 0 ? null : <p className="wb-dim">{t('conformance.leftOut', { count: found.leftOut })}</p>}
    </Panel>
  );
}

/** How all orders hold against the lifecycle: counts, fitness, deviations and the ways they went. */
export function ConformancePage() {
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery(conformanceQuery);
  return (
    <div className="wb-page">
      <PageHead title={t('conformance.title')} note={t('conformance.note')} />
      {data === undefined ? (
        error === null ? (
          <>
            <Skeleton height={96} />
            <Skeleton height={260} />
          </>
        ) : (
          <QueryError error={error} retry={() => void refetch()} />
        )
      ) : data.orders === 0 ? (
        <EmptyState title={t('conformance.empty')} hint={t('conformance.emptyHint')} />
      ) : (
        <>
          <ReplayCounts found={data} />
          <Fitness found={data} />
          <Panel flush title={t('conformance.deviations')}>
            <Deviations deviations={data.deviations} />
          </Panel>
          <Variants />
        </>
      )}
    </div>
  );
}
