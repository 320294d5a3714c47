import { describe, expect, it } from 'vitest';
import { type OrderPlan, type Status, statuses } from '../../examples/jewelry/faults.ts';
import { judge, renderSummary, type SeenOrder } from './summary.ts';

const plain = { paint: (_: unknown, text: string) => text };

function plan(orderId: string, fault: OrderPlan['fault'], visits: readonly Status[] = statuses): OrderPlan {
  return { orderId, fault, visits, finalStatus: visits.at(-1) ?? 'CLOSED' };
}

function seen(orderId: string, change: Partial<SeenOrder> = {}): SeenOrder {
  return { orderId, status: 'CLOSED', visitCount: 10, deviationCount: 0, traceCount: 7, errorCount: 0, ...change };
}

const differencesOf = (planned: OrderPlan, ...orders: SeenOrder[]) => judge([planned], orders)[0]?.differences;

describe('the judgement of an order', () => {
  it('is satisfied with an order without fault that is closed after ten visits', () => {
    expect(differencesOf(plan('A', null), seen('A'))).toEqual([]);
  });

  it('names each difference of an order that went another way', () => {
    const order = seen('A', { status: 'SHIPPED', visitCount: 9, deviationCount: 1, traceCount: 0 });
    expect(differencesOf(plan('A', null), order)).toEqual([
      'is SHIPPED, not CLOSED',
      '9 visits, not 10',
      'no trace',
      '1 deviations, not 0',
    ]);
  });

  it('misses an order that Waybill has not seen', () => {
    expect(differencesOf(plan('A', null), seen('B'))).toEqual(['Waybill does not know it']);
  });

  it('wants a deviation where a status is skipped', () => {
    const planned = plan(
      'A',
      'status_skipped',
      statuses.filter((status) => status !== 'PACKAGING'),
    );
    expect(differencesOf(planned, seen('A', { visitCount: 9, deviationCount: 1 }))).toEqual([]);
    expect(differencesOf(planned, seen('A', { visitCount: 9 }))).toEqual(['no deviation']);
  });

  it('wants an error where the price calculation fails', () => {
    expect(differencesOf(plan('A', 'price_timeout'), seen('A', { errorCount: 3 }))).toEqual([]);
    expect(differencesOf(plan('A', 'mes_500'), seen('A'))).toEqual(['no error']);
  });

  it('expects an order that a fault holds to stay where it is', () => {
    const planned = plan('A', 'lost_between_shop_and_crm', statuses.slice(0, 4));
    expect(differencesOf(planned, seen('A', { status: 'PRICE_CALCULATED', visitCount: 4 }))).toEqual([]);
    expect(differencesOf(planned, seen('A'))).toEqual(['is CLOSED, not PRICE_CALCULATED', '10 visits, not 4']);
  });
});

describe('the summary', () => {
  it('shows one aligned line an order and the totals by status', () => {
    const plans = [plan('JW-S-0001', null), plan('JW-S-0002', 'operator_forgot', statuses.slice(0, 6))];
    const orders = [seen('JW-S-0001'), seen('JW-S-0002', { status: 'MANUFACTURING_STARTED', visitCount: 6 })];
    expect(renderSummary(judge(plans, orders), plain)).toEqual([
      '     order      status in Waybill      visits  deviations  traces  errors  planned fault',
      '  ✓  JW-S-0001  CLOSED                     10           0       7       0',
      '  ✓  JW-S-0002  MANUFACTURING_STARTED       6           0       7       0  operator_forgot',
      '',
      '  2 orders, 1 with a planned fault: CLOSED 1 · MANUFACTURING_STARTED 1',
      '  every order went as planned',
    ]);
  });

  it('points at the orders that went another way', () => {
    const lines = renderSummary(judge([plan('A', null)], []), plain);
    expect(lines).toContain(
      '  ✗  A      –                       –           –       –       –  ← Waybill does not know it',
    );
    expect(lines.at(-1)).toBe('  1 of 1 went another way than planned');
  });
});
