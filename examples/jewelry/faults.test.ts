import { describe, expect, it } from 'vitest';
import { faultKinds, faultNamed, faultOf, orderIdOf, planOrder, statuses } from './faults.ts';

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

describe('the fault plan', () => {
  it('is the same whenever it is asked with the same seed, number and rate', () => {
    for (const k of numbers(100)) expect(planOrder('A1', k, 0.25)).toEqual(planOrder('A1', k, 0.25));
  });

  it('gives exactly the configured share of orders a fault, within one', () => {
    for (const rate of [0.1, 0.25, 1 / 3, 0.9]) {
      const faulty = numbers(400).filter((k) => faultOf('A1', k, rate) !== null).length;
      expect(Math.abs(faulty - 400 * rate)).toBeLessThanOrEqual(1);
    }
  });

  it('gives no order a fault at rate 0 and every order one at rate 1', () => {
    expect(numbers(50).every((k) => faultOf('A1', k, 0) === null)).toBe(true);
    expect(numbers(50).every((k) => faultOf('A1', k, 1) !== null)).toBe(true);
  });

  it('shows all nine kinds in any 36 orders in a row at rate 0.25, whatever the seed', () => {
    for (const seed of ['1', '42', 'demo', 'Z9', 'x']) {
      const kinds = new Set(numbers(36).map((k) => faultOf(seed, k + 7, 0.25)));
      for (const kind of faultKinds) expect(kinds).toContain(kind);
    }
  });

  it('starts at a different place for different seeds', () => {
    const plans = ['1', '2', '3', '4', '5', '6'].map((seed) =>
      numbers(24)
        .map((k) => faultOf(seed, k, 0.25))
        .join(),
    );
    expect(new Set(plans).size).toBeGreaterThan(1);
  });
});

describe('the plan of an order', () => {
  it('lets an order without a fault visit the ten statuses and end CLOSED', () => {
    expect(planOrder('A1', 1, 0)).toEqual({
      orderId: 'JW-A1-0001',
      fault: null,
      visits: statuses,
      finalStatus: 'CLOSED',
    });
  });

  it('says for each fault where the order ends', () => {
    const ends = new Map(
      numbers(9)
        .map((k) => planOrder('A1', k, 1))
        .map((plan) => [plan.fault, plan.visits.at(-1)]),
    );
    expect(Object.fromEntries(ends)).toEqual({
      price_timeout: 'CLOSED',
      mes_500: 'CLOSED',
      poison_message: 'SUBMITTED',
      lost_between_shop_and_crm: 'PRICE_CALCULATED',
      status_skipped: 'CLOSED',
      operator_forgot: 'MANUFACTURING_STARTED',
      slow_consumer: 'CLOSED',
      expired_message: 'CLOSED',
      unroutable_publish: 'SHIPPED',
    });
  });

  it('leaves out only PACKAGING when a status is skipped', () => {
    const plan = numbers(9)
      .map((k) => planOrder('A1', k, 1))
      .find(({ fault }) => fault === 'status_skipped');
    expect(plan?.visits).toEqual(statuses.filter((status) => status !== 'PACKAGING'));
  });

  it('pads the number in the order id and never cuts it', () => {
    expect([orderIdOf('s', 7), orderIdOf('s', 12345)]).toEqual(['JW-s-0007', 'JW-s-12345']);
  });

  it('reads no fault from an unknown name', () => {
    expect([faultNamed('mes_500'), faultNamed('other'), faultNamed(undefined)]).toEqual(['mes_500', null, null]);
  });
});
