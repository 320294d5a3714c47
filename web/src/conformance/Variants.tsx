import { Button, Skeleton, Table } from '@mantine/core';
import { IconArrowsSplit2, IconChevronRight, IconCircleCheck, IconProgressCheck } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Fragment, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Variants as VariantsAnswer } from '../../../src/api/contract/index.ts';
import { variantsQuery } from '../data/queries.ts';
import { formatCount, formatPercent } from '../format/number.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { DataTable } from '../parts/DataTable.tsx';
import { useLifecycleView } from '../parts/lifecycle-view.ts';
import { Panel } from '../parts/Panel.tsx';
import { QueryError } from '../parts/States.tsx';
import { type Link as ChainLink, chain } from './chain.ts';
import styles from './conformance.module.css';

type Variant = VariantsAnswer['variants'][number];

/** Variants that are asked for first, and once more are wanted; the server lists 5,000 at most. */
const FIRST = 20;
const MOST = 500;
/** Links of a way that are drawn at most. */
const LINKS = 14;

const REPLAY_ICONS = { fits: IconCircleCheck, fits_so_far: IconProgressCheck, deviates: IconArrowsSplit2 } as const;

/** Icon and words for how a way holds against the lifecycle. */
export function ReplayMark({ replay }: { readonly replay: Variant['replay'] }) {
  const { t } = useTranslation();
  const Icon = REPLAY_ICONS[replay];
  return (
    <span className={styles['replay']} data-replay={replay}>
      <Icon size={15} stroke={1.9} aria-hidden />
      {t(`conformance.${replay}`)}
    </span>
  );
}

function Links({ links }: { readonly links: readonly ChainLink[] }) {
  const view = useLifecycleView();
  return links.map(({ status, times }, index) => (
    // A way may pass a status several times, so its place is part of what it is.
    <Fragment key={`${index}:${status}`}>
      {index === 0 ? null : <IconChevronRight size={11} className={styles['joint']} aria-hidden />}
      <span className={styles['chip']} title={status}>
        {view.status(status)}
        {times === 1 ? null : <b> ×{times}</b>}
      </span>
    </Fragment>
  ));
}

function Way({ statuses }: { readonly statuses: readonly string[] }) {
  const { head, leftOut, tail } = chain(statuses, LINKS);
  return (
    <span className={styles['way']}>
      <Links links={head} />
      {leftOut === 0 ? null : (
        <>
          <span className="wb-dim">… +{leftOut} …</span>
          <Links links={tail} />
        </>
      )}
    </span>
  );
}

function Row({ variant, number }: { readonly variant: Variant; readonly number: number }) {
  const language = useLanguage();
  return (
    <Table.Tr data-testid={`variant-${number}`}>
      <Table.Td ta="right">
        <Link
          to="/orders/$orderId"
          params={{ orderId: variant.exampleOrderId }}
          className="wb-link"
          title={variant.exampleOrderId}
        >
          {formatCount(variant.orders, language)}
        </Link>
      </Table.Td>
      <Table.Td ta="right">{formatPercent(variant.share, language)}</Table.Td>
      <Table.Td>
        <span className={styles['coverage']}>
          <span className={styles['coverageTrack']} aria-hidden>
            <i style={{ width: `${variant.coverage * 100}%` }} />
            <i
              data-own
              style={{ left: `${(variant.coverage - variant.share) * 100}%`, width: `${variant.share * 100}%` }}
            />
          </span>
          {formatPercent(variant.coverage, language)}
        </span>
      </Table.Td>
      <Table.Td>
        <ReplayMark replay={variant.replay} />
      </Table.Td>
      <Table.Td className={styles['wayCell'] ?? ''}>
        <Way statuses={variant.statuses} />
      </Table.Td>
    </Table.Tr>
  );
}

/** The ways that orders went, the most frequent first, with the share of all orders they explain together. */
export function Variants() {
  const { t } = useTranslation();
  const [limit, setLimit] = useState(FIRST);
  const { data, error, refetch, isFetching } = useQuery(variantsQuery(limit));
  const columns = (['orders', 'share', 'coverage', 'replay', 'way'] as const).map((key) => ({
    key,
    name: t(`conformance.variantColumns.${key}`),
    align: key === 'orders' || key === 'share' ? ('right' as const) : undefined,
    hint: key === 'coverage' ? t('conformance.coverageHint') : undefined,
  }));
  const note = data === undefined ? '' : t('conformance.variantsNote', { count: data.total });
  return (
    <Panel
      flush
      title={t('conformance.variants')}
      aside={<span className="wb-dim">{note}</span>}
      testId="conformance-variants"
    >
      {data === undefined ? (
        error === null ? (
          <Skeleton height={200} />
        ) : (
          <QueryError error={error} retry={() => void refetch()} />
        )
      ) : (
        <>
          <DataTable columns={columns} minWidth={900}>
            {data.variants.map((variant, index) => (
              <Row key={variant.statuses.join('\n')} variant={variant} number={index} />
            ))}
          </DataTable>
          {data.total > data.variants.length ? (
            <footer className={styles['foot']}>
              {t('conformance.truncated', { shown: data.variants.length, total: data.total })}
              {limit < MOST ? (
                <Button variant="default" size="xs" loading={isFetching} onClick={() => setLimit(MOST)}>
                  {t('conformance.more')}
                </Button>
              ) : null}
            </footer>
          ) : null}
        </>
      )}
    </Panel>
  );
}
