import type { QueryClient } from '@tanstack/react-query';
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { type FailureClass, failureClass, severity, spanKind } from '../../src/api/contract/index.ts';
import {
  conformanceQuery,
  DEATH_REASONS,
  DEFAULT_FAILURE_WINDOW,
  type DeadLetterFilters,
  deadLettersQuery,
  explainQuery,
  FAILURE_WINDOWS,
  type FailureFilters,
  type FailureWindow,
  failuresQuery,
  lifecycleQuery,
  type OrderFilters,
  orderQuery,
  ordersQuery,
  queuesQuery,
  statusesQuery,
  stuckQuery,
  traceQuery,
} from './data/queries.ts';
import { readScope } from './data/scope.ts';
import { type LogFilters, logsQuery, type MetricChoice, metricQuery, metricsQuery } from './data/signal-queries.ts';
import { servicesQuery, type TraceFilters, tracesQuery } from './data/trace-queries.ts';
import { CrashPage, NotFoundPage } from './shell/FailurePages.tsx';
import { Shell } from './shell/Shell.tsx';

type Search = Record<string, unknown>;

/** Text of a search parameter; the router reads `text=123` as a number, which is text to us. */
function text(value: unknown): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function flag(value: unknown): 'true' | 'false' | undefined {
  const read = text(value);
  return read === 'true' || read === 'false' ? read : undefined;
}

function failureWindow(value: unknown): FailureWindow | undefined {
  const read = text(value);
  return read !== undefined && Object.hasOwn(FAILURE_WINDOWS, read) ? (read as FailureWindow) : undefined;
}

function knownClass(value: unknown): FailureClass | undefined {
  const read = failureClass.safeParse(value);
  return read.success ? read.data : undefined;
}

/** Leaves out what is not set, so that addresses stay short. */
function compact<T extends object>(search: T): T {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as T;
}

const rootRoute = createRootRoute({ component: Shell, notFoundComponent: NotFoundPage, errorComponent: CrashPage });

// Loaders only start the requests beside the download of the page's code; the pages show progress and errors.
function prefetch(...starts: (() => Promise<unknown>)[]): void {
  for (const start of starts) void start();
}

/** The pages about what went wrong, and about one status. */
function findings(client: QueryClient) {
  const failures = createRoute({
    getParentRoute: () => rootRoute,
    path: '/failures',
    validateSearch: (search: Search): FailureFilters =>
      compact({
        since: failureWindow(search['since']),
        class: knownClass(search['class']),
        service: text(search['service']),
        status: text(search['status']),
      }),
    loaderDeps: ({ search }) => search,
    loader: ({ deps }) => prefetch(() => client.prefetchQuery(failuresQuery(deps))),
    component: lazyRouteComponent(() => import('./failures/FailuresPage.tsx'), 'FailuresPage'),
  });
  const stuck = createRoute({
    getParentRoute: () => rootRoute,
    path: '/stuck',
    loader: () =>
      prefetch(
        () => client.prefetchQuery(lifecycleQuery),
        () => client.prefetchQuery(stuckQuery),
      ),
    component: lazyRouteComponent(() => import('./stuck/StuckPage.tsx'), 'StuckPage'),
  });
  const status = createRoute({
    getParentRoute: () => rootRoute,
    path: '/statuses/$status',
    validateSearch: readScope,
    loaderDeps: ({ search }) => search,
    loader: ({ deps, params }) =>
      prefetch(
        () => client.prefetchQuery(statusesQuery(deps)),
        () => client.prefetchQuery(explainQuery(params.status)),
      ),
    component: lazyRouteComponent(() => import('./status/StatusPage.tsx'), 'StatusPage'),
  });
  const conformance = createRoute({
    getParentRoute: () => rootRoute,
    path: '/conformance',
    loader: () => prefetch(() => client.prefetchQuery(conformanceQuery)),
    component: lazyRouteComponent(() => import('./conformance/ConformancePage.tsx'), 'ConformancePage'),
  });
  const queues = createRoute({
    getParentRoute: () => rootRoute,
    path: '/queues',
    validateSearch: (search: Search): { since?: FailureWindow | undefined } =>
      compact({ since: failureWindow(search['since']) }),
    loaderDeps: ({ search }) => search,
    loader: ({ deps }) => prefetch(() => client.prefetchQuery(queuesQuery(deps.since ?? DEFAULT_FAILURE_WINDOW))),
    component: lazyRouteComponent(() => import('./queues/QueuesPage.tsx'), 'QueuesPage'),
  });
  const deadLetters = createRoute({
    getParentRoute: () => rootRoute,
    path: '/dead-letters',
    validateSearch: (search: Search): DeadLetterFilters =>
      compact({
        broker: text(search['broker']),
        queue: text(search['queue']),
        reason: DEATH_REASONS.find((reason) => reason === search['reason']),
        resolved: flag(search['resolved']),
        order: text(search['order']),
        messageId: text(search['messageId']),
      }),
    loaderDeps: ({ search }) => search,
    loader: ({ deps }) => prefetch(() => client.prefetchInfiniteQuery(deadLettersQuery(deps))),
    component: lazyRouteComponent(() => import('./dead-letters/DeadLettersPage.tsx'), 'DeadLettersPage'),
  });
  return [failures, stuck, status, conformance, queues, deadLetters] as const;
}

/** The pages about what services log, measure and trace. */
function signals(client: QueryClient) {
  const logs = createRoute({
    getParentRoute: () => rootRoute,
    path: '/logs',
    validateSearch: (search: Search): LogFilters =>
      compact({
        text: text(search['text']),
        service: text(search['service']),
        severity: severity.safeParse(search['severity']).data,
        orderId: text(search['orderId']),
        traceId: text(search['traceId']),
        since: failureWindow(search['since']),
      }),
    loaderDeps: ({ search }) => search,
    loader: ({ deps }) => prefetch(() => client.prefetchInfiniteQuery(logsQuery(deps))),
    component: lazyRouteComponent(() => import('./logs/LogsPage.tsx'), 'LogsPage'),
  });
  const metrics = createRoute({
    getParentRoute: () => rootRoute,
    path: '/metrics',
    validateSearch: (search: Search): MetricChoice =>
      compact({
        name: text(search['name']),
        service: text(search['service']),
        since: failureWindow(search['since']),
        by: text(search['by']),
      }),
    loaderDeps: ({ search }) => search,
    loader: ({ deps }) =>
      prefetch(
        () => client.prefetchQuery(metricsQuery),
        ...(deps.name === undefined ? [] : [() => client.prefetchQuery(metricQuery(deps))]),
      ),
    component: lazyRouteComponent(() => import('./metrics/MetricsPage.tsx'), 'MetricsPage'),
  });
  const traces = createRoute({
    getParentRoute: () => rootRoute,
    path: '/traces',
    validateSearch: (search: Search): TraceFilters =>
      compact({
        service: text(search['service']),
        operation: text(search['operation']),
        kind: spanKind.safeParse(search['kind']).data,
        minDuration: text(search['minDuration']),
        maxDuration: text(search['maxDuration']),
        error: text(search['error']) === 'true' ? 'true' : undefined,
        attributes: text(search['attributes']),
        since: failureWindow(search['since']),
      }),
    loaderDeps: ({ search }) => search,
    loader: ({ deps }) =>
      prefetch(
        () => client.prefetchQuery(servicesQuery),
        () => client.prefetchInfiniteQuery(tracesQuery(deps)),
      ),
    component: lazyRouteComponent(() => import('./traces/TracesPage.tsx'), 'TracesPage'),
  });
  return [logs, metrics, traces] as const;
}

/** Routes of the application; every view and every filter is in its address. */
function routes(client: QueryClient) {
  const map = createRoute({
    getParentRoute: () => rootRoute,
    path: '/',
    validateSearch: readScope,
    loaderDeps: ({ search }) => search,
    loader: ({ deps }) =>
      prefetch(
        () => client.prefetchQuery(lifecycleQuery),
        () => client.prefetchQuery(statusesQuery(deps)),
      ),
    component: lazyRouteComponent(() => import('./map/StatusMapPage.tsx'), 'StatusMapPage'),
  });
  const orders = createRoute({
    getParentRoute: () => rootRoute,
    path: '/orders',
    validateSearch: (search: Search): OrderFilters =>
      compact({
        status: text(search['status']),
        text: text(search['text']),
        deviating: flag(search['deviating']),
        open: flag(search['open']),
        cursor: text(search['cursor']),
      }),
    loaderDeps: ({ search }) => search,
    loader: ({ deps }) => prefetch(() => client.prefetchInfiniteQuery(ordersQuery(deps))),
    component: lazyRouteComponent(() => import('./orders/OrdersPage.tsx'), 'OrdersPage'),
  });
  const order = createRoute({
    getParentRoute: () => rootRoute,
    path: '/orders/$orderId',
    loader: ({ params }) =>
      prefetch(
        () => client.prefetchQuery(lifecycleQuery),
        () => client.prefetchQuery(orderQuery(params.orderId)),
      ),
    component: lazyRouteComponent(() => import('./order/OrderPage.tsx'), 'OrderPage'),
  });
  const trace = createRoute({
    getParentRoute: () => rootRoute,
    path: '/traces/$traceId',
    validateSearch: (search: Search): { span?: string | undefined } => compact({ span: text(search['span']) }),
    loader: ({ params }) => prefetch(() => client.prefetchQuery(traceQuery(params.traceId))),
    component: lazyRouteComponent(() => import('./trace/TracePage.tsx'), 'TracePage'),
  });
  const system = createRoute({
    getParentRoute: () => rootRoute,
    path: '/system',
    component: lazyRouteComponent(() => import('./system/SystemPage.tsx'), 'SystemPage'),
  });
  return rootRoute.addChildren([map, orders, order, trace, system, ...findings(client), ...signals(client)]);
}

/** Search parameters as plain text (`?span=0012` stays `0012`): the router's default would read it as JSON. */
const plainSearch = {
  parseSearch: (search: string): Search => Object.fromEntries(new URLSearchParams(search)),
  stringifySearch: (search: Search): string => {
    const entries = Object.entries(search).filter(([, value]) => value !== undefined && value !== '');
    const query = new URLSearchParams(entries.map(([key, value]) => [key, String(value)])).toString();
    return query === '' ? '' : `?${query}`;
  },
};

/** Builds the router over one query client. */
export function createAppRouter(client: QueryClient) {
  return createRouter({
    routeTree: routes(client),
    defaultPreload: 'intent',
    defaultPreloadStaleTime: 0,
    // Pages draw their own skeletons: nothing is hidden while a page's code or data loads.
    defaultPendingMinMs: 0,
    scrollRestoration: true,
    ...plainSearch,
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
