import { Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Trace } from '../../../src/api/contract/index.ts';
import { traceQuery } from '../data/queries.ts';
import { LogsPanel } from '../logs/LogsPanel.tsx';
import { QueryError } from '../parts/States.tsx';
import { SpanDetails } from './SpanDetails.tsx';
import { serviceColors } from './service-color.ts';
import { TraceErrors } from './TraceErrors.tsx';
import { TraceHead } from './TraceHead.tsx';
import styles from './trace.module.css';
import { buildTree, visibleRows } from './tree.ts';
import { Waterfall } from './Waterfall.tsx';

const route = getRouteApi('/traces/$traceId');

function Loaded({ trace }: { readonly trace: Trace }) {
  const { span: selectedId } = route.useSearch();
  const navigate = route.useNavigate();
  const tree = useMemo(() => buildTree(trace.spans), [trace.spans]);
  const colors = useMemo(() => serviceColors(trace.services), [trace.services]);
  const selected = useMemo(
    () => visibleRows(tree, new Set()).find((row) => row.key === selectedId),
    [tree, selectedId],
  );
  const select = (span: string | undefined): void => {
    void navigate({ search: span === undefined ? {} : { span }, replace: true, resetScroll: false });
  };
  return (
    <div className={styles['stack']}>
      <TraceHead trace={trace} colors={colors} />
      <TraceErrors trace={trace} tree={tree} select={select} />
      <div className={styles['split']} data-open={selected !== undefined}>
        <Waterfall trace={trace} tree={tree} colors={colors} selected={selected?.key} select={select} />
        {selected === undefined ? null : (
          <SpanDetails
            key={selected.key}
            traceId={trace.traceId}
            span={selected.span}
            resource={trace.resources[selected.span.resourceId] ?? []}
            color={colors.get(selected.span.service)}
            close={() => select(undefined)}
          />
        )}
      </div>
      <LogsPanel traceId={trace.traceId} />
    </div>
  );
}

/** One trace: its spans as a tree over time, with the order beside it. */
export function TracePage() {
  const { t } = useTranslation();
  const { traceId } = route.useParams();
  const { data: trace, error, refetch } = useQuery(traceQuery(traceId));
  return (
    <>
      <title>{`${trace?.rootName ?? t('trace.trace')} · Waybill`}</title>
      {trace === undefined ? (
        error === null ? (
          <div className={styles['stack']}>
            <Skeleton height={64} />
            <Skeleton height={480} />
          </div>
        ) : (
          <QueryError error={error} notFoundHint={t('trace.notFoundHint')} retry={() => void refetch()} />
        )
      ) : (
        <Loaded key={traceId} trace={trace} />
      )}
    </>
  );
}
