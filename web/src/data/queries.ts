import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { z } from 'zod';
import {
  attributes,
  conformance,
  deadLetters,
  type deathReason,
  explanation,
  type FailureClass,
  failures,
  lifecycle,
  order,
  orderBreakdown,
  orderList,
  orderMessages,
  queues,
  searchResults,
  statuses,
  stuck,
  system,
  trace,
  variants,
} from '../../../src/api/contract/index.ts';
import { epochMs } from '../format/time.ts';
import { get } from './client.ts';
import { type Scope, statusesParameters } from './scope.ts';

/** How often a visible page asks again; unit ms. Hidden pages do not ask. */
export const REFRESH_MS = 3000;

/** How often questions over all orders are asked again; unit ms. They read much and change slowly. */
const SLOW_REFRESH_MS = 15_000;

/** A trace younger than this may still grow, so its page keeps asking; unit ms. */
const TRACE_GROWS_MS = 10 * 60_000;

/** Pages of a list beyond this count are no longer refreshed by themselves: each page is one request. */
const REFRESHED_PAGES = 4;

/** The lifecycle in force; it changes only with a restart, so a minute is fresh enough. */
export const lifecycleQuery = queryOptions({
  queryKey: ['lifecycle'],
  queryFn: ({ signal }) => get(lifecycle, 'lifecycle', signal),
  staleTime: 60_000,
});

/** The figures of every status in a scope; what was known at a past time does not change by the second. */
export const statusesQuery = (scope: Scope) =>
  queryOptions({
    queryKey: ['statuses', scope],
    queryFn: ({ signal }) => get(statuses, 'statuses', signal, statusesParameters(scope)),
    refetchInterval: scope.at === undefined ? REFRESH_MS : SLOW_REFRESH_MS,
    placeholderData: keepPreviousData,
  });

/** What describes orders; new values are rare. */
export const attributesQuery = queryOptions({
  queryKey: ['attributes'],
  queryFn: ({ signal }) => get(attributes, 'attributes', signal),
  staleTime: 60_000,
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

/** What the visits of an order consist of; it reads all its spans, and they come for seconds after the work. */
export const orderBreakdownQuery = (orderId: string) =>
  queryOptions({
    queryKey: ['order', orderId, 'breakdown'],
    queryFn: ({ signal }) => get(orderBreakdown, `orders/${encodeURIComponent(orderId)}/breakdown`, signal),
    refetchInterval: SLOW_REFRESH_MS,
  });

/** The messages that the broker moved for an order. */
export const orderMessagesQuery = (orderId: string) =>
  queryOptions({
    queryKey: ['order', orderId, 'messages'],
    queryFn: ({ signal }) => get(orderMessages, `orders/${encodeURIComponent(orderId)}/messages`, signal),
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

/** The lengths of time that failures are looked at over; unit ms. */
export const FAILURE_WINDOWS = {
  '1h': 3_600_000,
  '24h': 86_400_000,
  '7d': 7 * 86_400_000,
  '30d': 30 * 86_400_000,
} as const;
export type FailureWindow = keyof typeof FAILURE_WINDOWS;

/** The length that stands for no choice. */
export const DEFAULT_FAILURE_WINDOW = '24h' satisfies FailureWindow;

/** What the failures are narrowed to. */
export interface FailureFilters {
  readonly since?: FailureWindow | undefined;
  readonly class?: FailureClass | undefined;
  readonly service?: string | undefined;
  readonly status?: string | undefined;
}

/** Failures with totals, groups and their number over time. */
export const failuresQuery = ({ since = DEFAULT_FAILURE_WINDOW, ...narrowed }: FailureFilters) =>
  queryOptions({
    queryKey: ['failures', since, narrowed],
    queryFn: ({ signal }) => {
      const from = new Date(Date.now() - FAILURE_WINDOWS[since]).toISOString();
      return get(failures, 'failures', signal, { ...narrowed, since: from });
    },
    refetchInterval: REFRESH_MS,
    placeholderData: keepPreviousData,
  });

/** How long messages wait in queues. */
export const queuesQuery = (since: FailureWindow) =>
  queryOptions({
    queryKey: ['queues', since],
    queryFn: ({ signal }) => {
      const from = new Date(Date.now() - FAILURE_WINDOWS[since]).toISOString();
      return get(queues, 'queues', signal, { since: from });
    },
    refetchInterval: REFRESH_MS,
    placeholderData: keepPreviousData,
  });

/** Why a broker puts a message aside. */
export const DEATH_REASONS = ['rejected', 'expired', 'maxlen', 'delivery_limit', 'unknown'] as const satisfies z.infer<
  typeof deathReason
>[];

/** What dead letters are narrowed to. */
export interface DeadLetterFilters {
  readonly broker?: string | undefined;
  readonly queue?: string | undefined;
  readonly reason?: (typeof DEATH_REASONS)[number] | undefined;
  readonly resolved?: 'true' | 'false' | undefined;
  readonly order?: string | undefined;
  readonly messageId?: string | undefined;
}

/** Dead letters, seen last first, page by page. */
export const deadLettersQuery = (filters: DeadLetterFilters) =>
  infiniteQueryOptions({
    queryKey: ['dead-letters', filters],
    queryFn: ({ signal, pageParam }) => get(deadLetters, 'dead-letters', signal, { ...filters, cursor: pageParam }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last): string | undefined => last.nextCursor ?? undefined,
    refetchInterval: (query) => ((query.state.data?.pages.length ?? 0) <= REFRESHED_PAGES ? REFRESH_MS : false),
    placeholderData: keepPreviousData,
  });

/** Orders that wait too long, the least probable first. */
export const stuckQuery = queryOptions({
  queryKey: ['stuck'],
  queryFn: ({ signal }) => get(stuck, 'stuck', signal, { limit: '500' }),
  refetchInterval: REFRESH_MS,
});

/** What slow visits to a status have in common. */
export const explainQuery = (status: string) =>
  queryOptions({
    queryKey: ['explain', status],
    queryFn: ({ signal }) => get(explanation, 'explain', signal, { status }),
    refetchInterval: SLOW_REFRESH_MS,
  });

/** How all orders hold against the lifecycle. */
export const conformanceQuery = queryOptions({
  queryKey: ['conformance'],
  queryFn: ({ signal }) => get(conformance, 'conformance', signal),
  refetchInterval: SLOW_REFRESH_MS,
});

/** The ways that orders went, the most frequent first; at most `limit`. */
export const variantsQuery = (limit: number) =>
  queryOptions({
    queryKey: ['variants', limit],
    queryFn: ({ signal }) => get(variants, 'variants', signal, { limit: String(limit) }),
    refetchInterval: SLOW_REFRESH_MS,
    placeholderData: keepPreviousData,
  });
