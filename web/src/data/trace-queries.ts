import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { operations, type SpanKindName, services, traces } from '../../../src/api/contract/index.ts';
import { get } from './client.ts';
import { FAILURE_WINDOWS, type FailureWindow, REFRESH_MS } from './queries.ts';

/** Services and operations change rarely; unit ms. */
const CHOICES_FRESH_MS = 30_000;

/** What a list of traces is narrowed to; everything is about one span of the trace. */
export interface TraceFilters {
  readonly service?: string | undefined;
  readonly operation?: string | undefined;
  readonly kind?: SpanKindName | undefined;
  readonly minDuration?: string | undefined;
  readonly maxDuration?: string | undefined;
  readonly error?: 'true' | undefined;
  /** `key=value`, one a line. */
  readonly attributes?: string | undefined;
  readonly since?: FailureWindow | undefined;
}

/** The length of time that stands for no choice. */
export const DEFAULT_TRACE_WINDOW = '1h' satisfies FailureWindow;

/** The attributes of a filter, each `key=value`. */
export function attributesOf({ attributes }: TraceFilters): string[] {
  return attributes === undefined ? [] : attributes.split('\n').filter((line) => line !== '');
}

/** Traces, newest first, page by page; only a list of one page asks again by itself. */
export const tracesQuery = (filters: TraceFilters) =>
  infiniteQueryOptions({
    queryKey: ['traces', filters],
    queryFn: ({ signal, pageParam }) => {
      const { attributes: _, since = DEFAULT_TRACE_WINDOW, ...same } = filters;
      return get(traces, 'traces', signal, {
        ...same,
        attribute: attributesOf(filters),
        since: new Date(Date.now() - FAILURE_WINDOWS[since]).toISOString(),
        cursor: pageParam,
      });
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last): string | undefined => last.nextCursor ?? undefined,
    refetchInterval: (query) => ((query.state.data?.pages.length ?? 0) <= 1 ? REFRESH_MS : false),
    placeholderData: keepPreviousData,
  });

/** Services that sent spans. */
export const servicesQuery = queryOptions({
  queryKey: ['services'],
  queryFn: ({ signal }) => get(services, 'services', signal),
  staleTime: CHOICES_FRESH_MS,
});

/** Operations of a service. */
export const operationsQuery = (service: string | undefined) =>
  queryOptions({
    queryKey: ['operations', service],
    queryFn: ({ signal }) => get(operations, 'operations', signal, { service }),
    staleTime: CHOICES_FRESH_MS,
    enabled: service !== undefined,
  });
