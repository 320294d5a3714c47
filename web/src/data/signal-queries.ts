import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { logs, metric, metricList, type Severity } from '../../../src/api/contract/index.ts';
import { get } from './client.ts';
import { FAILURE_WINDOWS, type FailureWindow, REFRESH_MS } from './queries.ts';

/** Metrics are exported every ten seconds to a minute; unit ms. */
const METRIC_REFRESH_MS = 10_000;

/** What a list of log records is narrowed to. */
export interface LogFilters {
  readonly text?: string | undefined;
  readonly service?: string | undefined;
  readonly severity?: Severity | undefined;
  readonly orderId?: string | undefined;
  readonly traceId?: string | undefined;
  readonly since?: FailureWindow | undefined;
}

function sinceOf(window: FailureWindow | undefined): string | undefined {
  return window === undefined ? undefined : new Date(Date.now() - FAILURE_WINDOWS[window]).toISOString();
}

/** Log records, newest first, page by page; only a list of one page asks again by itself. */
export const logsQuery = ({ since, ...filters }: LogFilters, limit = 100) =>
  infiniteQueryOptions({
    queryKey: ['logs', filters, since, limit],
    queryFn: ({ signal, pageParam }) =>
      get(logs, 'logs', signal, { ...filters, since: sinceOf(since), limit: String(limit), cursor: pageParam }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last): string | undefined => last.nextCursor ?? undefined,
    refetchInterval: (query) => ((query.state.data?.pages.length ?? 0) <= 1 ? REFRESH_MS : false),
    placeholderData: keepPreviousData,
  });

/** The metrics there are. */
export const metricsQuery = queryOptions({
  queryKey: ['metrics'],
  queryFn: ({ signal }) => get(metricList, 'metrics', signal),
  refetchInterval: METRIC_REFRESH_MS,
});

/** What is shown of a metric. */
export interface MetricChoice {
  readonly name?: string | undefined;
  readonly service?: string | undefined;
  readonly since?: FailureWindow | undefined;
  readonly by?: string | undefined;
}

/** The length of time that stands for no choice. */
export const DEFAULT_METRIC_WINDOW = '1h' satisfies FailureWindow;

/** One metric over time. */
export const metricQuery = ({ name = '', service, since = DEFAULT_METRIC_WINDOW, by }: MetricChoice) =>
  queryOptions({
    queryKey: ['metrics', name, service, since, by],
    queryFn: ({ signal }) =>
      get(metric, `metrics/${encodeURIComponent(name)}`, signal, { service, since: sinceOf(since), by }),
    refetchInterval: METRIC_REFRESH_MS,
    placeholderData: keepPreviousData,
    enabled: name !== '',
  });
