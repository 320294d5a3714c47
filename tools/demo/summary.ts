import type { OrderPlan } from '../../examples/jewelry/faults.ts';
import type { OrderListItem } from '../../src/api/contract/index.ts';
import type { Terminal } from './terminal.ts';

/** What of an order in Waybill the summary shows. */
export type SeenOrder = Pick<
  OrderListItem,
  'orderId' | 'status' | 'visitCount' | 'deviationCount' | 'traceCount' | 'errorCount'
>;

/** One order: what was planned, what Waybill saw, and how that differs (empty: it does not). */
export interface Outcome {
  readonly plan: OrderPlan;
  readonly seen: SeenOrder | undefined;
  readonly differences: readonly string[];
}

/**
 * Compares plans with what Waybill saw.
 *
 * Every order must be where its plan ends after as many visits as planned, with a trace; a skipped status must be a
 * deviation, a failing price calculation an error, and an order without fault neither deviates nor misses a status.
 */
export function judge(plans: readonly OrderPlan[], orders: readonly SeenOrder[]): Outcome[] {
  const byId = new Map(orders.map((order) => [order.orderId, order]));
  return plans.map((plan) => {
    const seen = byId.get(plan.orderId);
    return { plan, seen, differences: seen === undefined ? ['Waybill does not know it'] : differences(plan, seen) };
  });
}

/** Faults that must leave an error in a trace of their order. */
const erring = new Set(['price_timeout', 'mes_500', 'poison_message']);

function differences(plan: OrderPlan, seen: SeenOrder): string[] {
  const found: string[] = [];
  if (seen.status !== plan.finalStatus) found.push(`is ${seen.status ?? 'without status'}, not ${plan.finalStatus}`);
  if (seen.visitCount !== plan.visits.length) found.push(`${seen.visitCount} visits, not ${plan.visits.length}`);
  if (seen.traceCount === 0) found.push('no trace');
  if (plan.fault === 'status_skipped') {
    if (seen.deviationCount === 0) found.push('no deviation');
  } else if (seen.deviationCount > 0) found.push(`${seen.deviationCount} deviations, not 0`);
  if (plan.fault !== null && erring.has(plan.fault) && seen.errorCount === 0) found.push('no error');
  return found;
}

/** The table of all orders and the totals by status, ready to print. */
export function renderSummary(outcomes: readonly Outcome[], terminal: Pick<Terminal, 'paint'>): string[] {
  const header = ['', 'order', 'status in Waybill', 'visits', 'deviations', 'traces', 'errors', 'planned fault'];
  const rows = outcomes.map(({ plan, seen, differences: found }) => [
    found.length === 0 ? '✓' : '✗',
    plan.orderId,
    seen?.status ?? '–',
    ...[seen?.visitCount, seen?.deviationCount, seen?.traceCount, seen?.errorCount].map((n) => String(n ?? '–')),
    [plan.fault ?? '', ...(found.length > 0 ? [`← ${found.join('; ')}`] : [])].filter(Boolean).join('  '),
  ]);
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const numeric = new Set([3, 4, 5, 6]);
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) =>
        numeric.has(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
  const body = rows.map((row) => {
    const text = line(row);
    const good = row[0] === '✓';
    return `  ${terminal.paint(good ? 'good' : 'bad', text.slice(0, 1))}${text.slice(1)}`;
  });
  return [`  ${terminal.paint('dim', line(header))}`, ...body, '', ...totals(outcomes, terminal)];
}

function totals(outcomes: readonly Outcome[], terminal: Pick<Terminal, 'paint'>): string[] {
  const byStatus = new Map<string, number>();
  for (const { seen } of outcomes) {
    const status = seen?.status ?? 'unknown';
    byStatus.set(status, (byStatus.get(status) ?? 0) + 1);
  }
  const counts = [...byStatus].toSorted((a, b) => b[1] - a[1]).map(([status, count]) => `${status} ${count}`);
  const faulty = outcomes.filter(({ plan }) => plan.fault !== null).length;
  const wrong = outcomes.filter(({ differences: found }) => found.length > 0).length;
  const verdict =
    wrong === 0
      ? terminal.paint('good', 'every order went as planned')
      : terminal.paint('bad', `${wrong} of ${outcomes.length} went another way than planned`);
  return [`  ${outcomes.length} orders, ${faulty} with a planned fault: ${counts.join(' · ')}`, `  ${verdict}`];
}
