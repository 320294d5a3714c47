import { type Breakdown, breakDown, placeWork } from '../lifecycle/dwell/breakdown.ts';
import { formatRfc3339, nanoToMs, type UnixNano } from '../model/units.ts';
import type { StoreClient } from '../store/client.ts';
import { readOrderState } from '../store/order-state.ts';
import { readOrderWork } from '../store/order-work.ts';

/** Most spans of an order that are read for its page. */
const MAX_SPANS_PER_ORDER = 20_000;

/** What the visits of an order consist of; times are RFC 3339. */
export type OrderBreakdown = NonNullable<Awaited<ReturnType<typeof findOrderBreakdown>>>;

/**
 * Breaks down the visits of an order, open ones up to now; undefined when nothing is known of the order. A visit has no breakdown where
 * the order has neither traces nor messages, and where it stays in a final status, which is no wait.
 */
export async function findOrderBreakdown(
  store: StoreClient,
  orderId: string,
  rules: { readonly now: UnixNano; readonly isFinal: (status: string) => boolean },
) {
  const found = await readOrderState(store, orderId);
  if (found === undefined) return undefined;
  const { spansOf, waits, truncated } = await readOrderWork(store, [{ orderId, aliases: found.aliases }], {
    maxSpans: MAX_SPANS_PER_ORDER,
    now: rules.now,
  });
  const own = spansOf(orderId);
  const queued = waits.get(orderId) ?? [];
  const work = own.length === 0 && queued.length === 0 ? undefined : placeWork(own, queued);
  return {
    orderId,
    visits: found.folded.visits.map(({ status, enteredAt, leftAt }) => {
      const isOver = leftAt === null && rules.isFinal(status);
      const breakdown =
        work === undefined || isOver ? null : toAnswer(breakDown(work, { from: enteredAt, to: leftAt ?? rules.now }));
      return {
        status,
        enteredAt: formatRfc3339(enteredAt),
        leftAt: leftAt === null ? null : formatRfc3339(leftAt),
        lengthMs: nanoToMs((leftAt ?? rules.now) - enteredAt),
        breakdown,
      };
    }),
    spanCount: own.length,
    truncated,
  };
}

function toAnswer({ services, queue, external, externals, idle, spans, anomalies }: Breakdown) {
  return {
    services: services.map(({ name, time }) => ({ service: name, ms: nanoToMs(time) })),
    queueMs: nanoToMs(queue),
    externalMs: nanoToMs(external),
    externals: externals.map(({ name, time }) => ({ name, ms: nanoToMs(time) })),
    idleMs: nanoToMs(idle),
    spanCount: spans,
    anomalyCount: anomalies,
  };
}
