import '@mantine/charts/styles.css';
import { Skeleton } from '@mantine/core';
import { IconClockExclamation, IconRoute, IconStack2 } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { StatusFigures } from '../../../src/api/contract/index.ts';
import { failuresQuery, statusesQuery } from '../data/queries.ts';
import type { Scope } from '../data/scope.ts';
import { FailureGroups } from '../failures/FailureGroups.tsx';
import { formatDuration } from '../format/duration.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { statusRow } from '../map/rows.ts';
import { useLifecycleView } from '../parts/lifecycle-view.ts';
import { PageHead } from '../parts/PageHead.tsx';
import { Panel } from '../parts/Panel.tsx';
import { ScopeChoice } from '../parts/ScopeChoice.tsx';
import { EmptyState, QueryError } from '../parts/States.tsx';
import { TargetBar } from '../parts/TargetBar.tsx';
import { ByAttribute } from './ByAttribute.tsx';
import { Explanation } from './Explanation.tsx';
import { StatusBreakdown } from './StatusBreakdown.tsx';
import styles from './status.module.css';
import { ThreeWays } from './ThreeWays.tsx';

const route = getRouteApi('/statuses/$status');

function StatusFailures({ status }: { readonly status: string }) {
  const { t } = useTranslation();
  const { data, error, refetch, isPlaceholderData } = useQuery(failuresQuery({ since: '7d', status }));
  const link = (
    <Link to="/failures" search={{ since: '7d', status }} className="wb-link">
      {t('failures.all')}
    </Link>
  );
  return (
    <Panel flush title={t('status.failures')} aside={link} testId="status-failures">
      {data === undefined ? (
        error === null ? (
          <Skeleton height={80} />
        ) : (
          <QueryError error={error} retry={() => void refetch()} />
        )
      ) : data.groups.length === 0 ? (
        <p className={styles['compared']}>{t('failures.nothingStatus')}</p>
      ) : (
        <FailureGroups groups={data.groups} stale={isPlaceholderData} />
      )}
    </Panel>
  );
}

function Links({ status, over }: { readonly status: string; readonly over: number }) {
  const { t } = useTranslation();
  return (
    <nav className={styles['links']} aria-label={status}>
      <Link to="/orders" search={{ status }} className="wb-link" data-testid="status-orders">
        <IconStack2 size={15} stroke={1.7} aria-hidden />
        {t('status.orders')}
      </Link>
      {over === 0 ? null : (
        <Link to="/stuck" className={`wb-link ${styles['over']}`}>
          <IconClockExclamation size={15} stroke={1.9} aria-hidden />
          {t('status.stuckNow', { count: over })}
        </Link>
      )}
      <Link to="/" className="wb-link">
        <IconRoute size={15} stroke={1.7} aria-hidden />
        {t('status.back')}
      </Link>
    </nav>
  );
}

function Known({
  figures,
  exact,
  scope,
}: {
  readonly figures: StatusFigures;
  readonly exact: boolean;
  readonly scope: Scope;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const row = statusRow(figures, null);
  const { targetMs, status } = figures;
  return (
    <>
      <Links status={status} over={figures.open.overTarget} />
      {figures.final ? (
        <Panel>
          <p className={styles['hint']}>{t('status.finalHint')}</p>
        </Panel>
      ) : (
        <>
          {targetMs === null ? null : (
            <Panel title={t('status.against', { target: formatDuration(targetMs, language) })} testId="status-target">
              <TargetBar row={row} wide />
              <p className={styles['note']}>
                {row.interval === null ? '' : t('status.intervalMark')} {exact ? '' : t('status.rounded')}
              </p>
            </Panel>
          )}
          <ThreeWays row={row} />
          <StatusBreakdown figures={figures} />
          <ByAttribute status={status} scope={scope} />
          <Explanation status={status} />
        </>
      )}
      {figures.clockAnomalies === 0 ? null : (
        <p className={styles['note']}>{t('status.clockAnomalies', { count: figures.clockAnomalies })}</p>
      )}
      <StatusFailures status={status} />
    </>
  );
}

/** One status: how long it takes, what slow orders have in common, and what fails in it. */
export function StatusPage() {
  const { t } = useTranslation();
  const view = useLifecycleView();
  const { status } = route.useParams();
  const scope = route.useSearch();
  const navigate = route.useNavigate();
  const { data, error, refetch } = useQuery(statusesQuery(scope));
  const figures = data?.statuses.find((each) => each.status === status);
  const system = figures?.system ?? null;
  const note = (
    <>
      <span className="wb-mono">{status}</span>
      {system === null ? null : ` · ${view.system(system)}`}
    </>
  );
  return (
    <div className="wb-page">
      <PageHead
        title={view.status(status)}
        note={note}
        aside={
          <ScopeChoice
            scope={scope}
            change={(next) => void navigate({ search: next, replace: true })}
            hasCalendar={(view.lifecycle?.calendar ?? null) !== null}
          />
        }
      />
      {data === undefined ? (
        error === null ? (
          <Skeleton height={420} />
        ) : (
          <QueryError error={error} retry={() => void refetch()} />
        )
      ) : figures === undefined ? (
        <EmptyState
          title={t('status.unknown', { status })}
          hint={t('status.unknownHint')}
          action={
            <Link to="/" className="wb-link">
              {t('error.toMap')}
            </Link>
          }
        />
      ) : (
        <Known figures={figures} exact={data.exact} scope={scope} />
      )}
    </div>
  );
}
