import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import {
  lifecycle,
  order,
  orderList,
  searchResults,
  statuses,
  system,
  trace,
} from '../../../src/api/contract/index.ts';
import { epochMs } from '../format/time.ts';
import { get } from './client.ts';

/** How often a visible page asks again; unit ms. Hidden pages do not ask. */
export const REFRESH_MS = 3000;

/** A trace younger than this may still grow, so its page keeps asking; unit ms. */
const TRACE_GROWS_MS = 10 * 60_000;

/** Pages of a list beyond this count are no longer refreshed by themselves: each page is one request. */
const REFRESHED_PAGES = 4;

/** The windows of time over which the status map counts completed visits. */
export const WINDOWS = { '1h': 3_600_000, '24h': 86_400_000, '7d': 7 * 86_400_000, all: undefined } as const;
export type Window = keyof typeof WINDOWS;

/** The lifecycle in force; it changes only with a restart, so a minute is fresh enough. */
export const lifecycleQuery = queryOptions({
  queryKey: ['lifecycle'],
  queryFn: ({ signal }) => get(lifecycle, 'lifecycle', signal),
  staleTime: 60_000,
});

/** The figures of every status over a window of time. */
export const statusesQuery = (window: Window) =>
  queryOptions({
    queryKey: ['statuses', window],
    queryFn: ({ signal }) => {
      const length = WINDOWS[window];
      const since = length === undefined ? undefined : new Date(Date.now() - length).toISOString();
      return get(statuses, 'statuses', signal, { since });
    },
    refetchInterval: REFRESH_MS,
    placeholderData: keepPreviousData,
  });

/** What a list of orders is narrowed to. */
export interface OrderFilters {
  readonly status?: string | undefined;
  readonly text?: string | undefined;
  readonly deviating?: 'true' | 'false' | undefined;
  readonly open?: 'true' | 'false' | undefined;
  /** Where the first page begins; from a link that somebody sent. */
  readonly cursor?: string | undefined;
}

/** Orders, newest first, page by page. */
export const ordersQuery = (filters: OrderFilters) =>
  infiniteQueryOptions({
    queryKey: ['orders', filters],
    queryFn: ({ signal, pageParam }) =>
      get(orderList, 'orders', signal, { ...filters, limit: '50', cursor: pageParam }),
    initialPageParam: filters.cursor,
    getNextPageParam: (last): string | undefined => last.nextCursor ?? undefined,
    refetchInterval: (query) => ((query.state.data?.pages.length ?? 0) <= REFRESHED_PAGES ? REFRESH_MS : false),
    placeholderData: keepPreviousData,
  });

/** One order. */
export const orderQuery = (orderId: string) =>
  queryOptions({
    queryKey: ['order', orderId],
    queryFn: ({ signal }) => get(order, `orders/${encodeURIComponent(orderId)}`, signal),
    refetchInterval: REFRESH_MS,
  });

/** One trace with its spans; asked again only while it is young enough to grow. */
export const traceQuery = (traceId: string) =>
  queryOptions({
    queryKey: ['trace', traceId],
    queryFn: ({ signal }) => get(trace, `traces/${encodeURIComponent(traceId)}`, signal),
    refetchInterval: (query) => {
      const started = query.state.data?.startedAt;
      return started !== undefined && Date.now() - epochMs(started) < TRACE_GROWS_MS ? REFRESH_MS : false;
    },
  });

/** How Waybill itself does. */
export const systemQuery = queryOptions({
  queryKey: ['system'],
  queryFn: ({ signal }) => get(system, 'system', signal),
  refetchInterval: REFRESH_MS,
});

/** What a text could mean; `text` must not be empty. */
export const searchQuery = (text: string) =>
  queryOptions({
    queryKey: ['search', text],
    queryFn: ({ signal }) => get(searchResults, 'search', signal, { text }),
    staleTime: 2000,
    placeholderData: keepPreviousData,
    enabled: text !== '',
  });
