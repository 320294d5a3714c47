import { Progress, Skeleton, Table } from '@mantine/core';
import { IconCircleCheck, IconCircleX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { System } from '../../../src/api/contract/index.ts';
import { systemQuery } from '../data/queries.ts';
import { formatBytes, formatCount } from '../format/number.ts';
import { epochMs } from '../format/time.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { PageHead } from '../parts/PageHead.tsx';
import { Panel } from '../parts/Panel.tsx';
import { QueryError } from '../parts/States.tsx';
import { Age, Duration } from '../parts/Times.tsx';
import styles from './system.module.css';

type Tone = 'plain' | 'over' | 'ok';

function Figure({
  name,
  children,
  tone = 'plain',
}: {
  readonly name: string;
  readonly children: ReactNode;
  readonly tone?: Tone;
}) {
  return (
    <div className={styles['figure']} data-tone={tone}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** Spans per second between the last two answers; undefined before the second one. */
function useRate(system: System): number | undefined {
  const before = useRef<{ at: number; spans: number } | undefined>(undefined);
  const [rate, setRate] = useState<number | undefined>(undefined);
  const at = epochMs(system.now);
  const spans = system.ingest.spansAccepted;
  useEffect(() => {
    const last = before.current;
    before.current = { at, spans };
    if (last !== undefined && at > last.at) setRate(Math.max(0, ((spans - last.spans) / (at - last.at)) * 1000));
  }, [at, spans]);
  return rate;
}

const refused = (count: number): Tone => (count > 0 ? 'over' : 'plain');

function Ingest({ system }: { readonly system: System }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const rate = useRate(system);
  const { ingest } = system;
  return (
    <Panel title={t('system.ingest')}>
      <dl className={styles['figures']}>
        <Figure name={t('system.spansAccepted')}>
          {formatCount(ingest.spansAccepted, language)}
          <span className={styles['note']}>
            {rate === undefined ? '' : t('system.perSecond', { rate: formatCount(Math.round(rate), language) })}
          </span>
        </Figure>
        <Figure name={t('system.spansRefused')} tone={refused(ingest.spansRefused)}>
          {formatCount(ingest.spansRefused, language)}
        </Figure>
        <Figure name={t('system.logRecordsAccepted')}>{formatCount(ingest.logRecordsAccepted, language)}</Figure>
        <Figure name={t('system.dataPointsAccepted')}>{formatCount(ingest.dataPointsAccepted, language)}</Figure>
        <Figure name={t('system.requestsRefused')} tone={refused(ingest.requestsRefused)}>
          {formatCount(ingest.requestsRefused, language)}
        </Figure>
        <Figure name={t('system.redacted')}>{formatCount(ingest.redactedValues, language)}</Figure>
      </dl>
    </Panel>
  );
}

function Journal({ system }: { readonly system: System }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { journal } = system;
  const used = { used: formatBytes(journal.bytes, language), limit: formatBytes(journal.limitBytes, language) };
  const share = journal.limitBytes > 0 ? (journal.bytes / journal.limitBytes) * 100 : 0;
  return (
    <Panel title={t('system.journal')}>
      <dl className={styles['figures']}>
        <Figure name={t('system.journalLag')} tone={journal.lagMs > 10_000 ? 'over' : 'plain'}>
          <Duration ms={journal.lagMs} />
        </Figure>
        <Figure name={t('system.segments')}>{formatCount(journal.segments, language)}</Figure>
        <Figure name={t('system.size')}>
          {t('system.sizeOf', used)}
          <Progress value={share} size={4} mt={6} color={share > 80 ? 'red' : 'indigo'} aria-label={t('system.size')} />
        </Figure>
      </dl>
    </Panel>
  );
}

function ProjectorAndStore({ system }: { readonly system: System }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { projector, store } = system;
  return (
    <>
      <Panel title={t('system.projector')}>
        <dl className={styles['figures']}>
          <Figure name={t('system.projectorLag')} tone={projector.lagMs > 10_000 ? 'over' : 'plain'}>
            <Duration ms={projector.lagMs} />
          </Figure>
          <Figure name={t('system.refolded')}>{formatCount(projector.refoldedOrders, language)}</Figure>
          <Figure name={t('system.rejudging')}>{formatCount(projector.rejudging, language)}</Figure>
          <Figure name={t('system.failures')} tone={projector.failures > 0 ? 'over' : 'plain'}>
            {formatCount(projector.failures, language)}
          </Figure>
        </dl>
      </Panel>
      <Panel title={t('system.store')}>
        <dl className={styles['figures']}>
          <Figure name={t('system.store')} tone={store.ok ? 'ok' : 'over'}>
            <span className={styles['state']}>
              {store.ok ? <IconCircleCheck size={17} aria-hidden /> : <IconCircleX size={17} aria-hidden />}
              {store.ok ? t('system.storeOk') : t('system.storeDown')}
            </span>
          </Figure>
          <Figure name={t('system.embedded')}>
            {store.embedded ? t('system.embeddedYes') : t('system.embeddedNo')}
          </Figure>
          <Figure name={t('system.restarts')}>{formatCount(store.restarts, language)}</Figure>
        </dl>
      </Panel>
    </>
  );
}

function Drops({ system }: { readonly system: System }) {
  const { t } = useTranslation();
  const language = useLanguage();
  if (system.drops.length === 0) return <p className={styles['none']}>{t('system.noDrops')}</p>;
  return (
    <Table verticalSpacing={5} horizontalSpacing={14} className={styles['table'] ?? ''}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t('system.dropWhat')}</Table.Th>
          <Table.Th ta="right">{t('system.dropCount')}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {system.drops.map((drop) => (
          <Table.Tr key={drop.what}>
            <Table.Td className="wb-mono">{drop.what}</Table.Td>
            <Table.Td ta="right" className="wb-number">
              {formatCount(drop.count, language)}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

/** How Waybill itself does: ingest, lag, drops. */
export function SystemPage() {
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery(systemQuery);
  return (
    <>
      <PageHead
        title={t('system.title')}
        note={t('system.subtitle')}
        aside={
          data === undefined ? null : (
            <span className="wb-dim">
              {t('system.version')} {data.version} · {t('system.uptime')} <Age since={data.startedAt} />
            </span>
          )
        }
      />
      {data === undefined ? (
        error === null ? (
          <Skeleton height={360} />
        ) : (
          <QueryError error={error} retry={() => void refetch()} />
        )
      ) : (
        <div className={styles['grid']}>
          <Ingest system={data} />
          <Journal system={data} />
          <ProjectorAndStore system={data} />
          <div className={styles['wide']}>
            <Panel flush title={t('system.drops')}>
              <Drops system={data} />
            </Panel>
          </div>
        </div>
      )}
    </>
  );
}
