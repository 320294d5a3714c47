import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Evidence, Visit } from '../model/order.ts';
import { decodeOrderState, encodeOrderState, type OrderState } from './order-state.ts';

/** Close to each other, far apart, and at the limits of what a JSON number holds. */
const time = fc.oneof(
  fc.bigInt({ min: -1_000n, max: 1_000n }).map((offset) => 1_790_000_000_000_000_000n + offset),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.constantFrom(0n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, -(2n ** 53n) + 1n, -(2n ** 53n), -(2n ** 53n) - 1n),
);
const text = fc.oneof(fc.constantFrom('', '"', '\\', '\n\t', 'SUBMITTED', 'Ж'), fc.string({ unit: 'grapheme' }));
const nullable = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(of, { nil: null });

const evidence: fc.Arbitrary<Evidence> = fc.record({
  evidenceKind: fc.constantFrom('api', 'span_attribute'),
  evidenceId: text,
  source: text,
  sourceVersion: text,
  occurredAt: time,
  observedAt: time,
  sequence: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  traceId: nullable(fc.constant('0af7651916cd43dd8448eb211c80319c')),
  spanId: nullable(fc.constant('b7ad6b7169203331')),
});
const visit: fc.Arbitrary<Visit> = fc
  .record({
    status: text,
    system: nullable(text),
    region: nullable(text),
    from: nullable(text),
    enteredAt: time,
    leftAt: nullable(time),
    evidence: fc.array(evidence, { maxLength: 3 }),
  })
  .map((drawn) => ({ ...drawn, dwell: drawn.leftAt === null ? null : drawn.leftAt - drawn.enteredAt }));
const state: fc.Arbitrary<OrderState> = fc.record({
  orderId: text,
  digest: text,
  folded: fc.record({
    lifecycle: fc.record({ name: text, version: text }),
    status: nullable(text),
    since: nullable(time),
    openedAt: nullable(time),
    closedAt: nullable(time),
    current: fc.array(fc.record({ region: nullable(text), status: text, since: time }), { maxLength: 2 }),
    visits: fc.array(visit, { maxLength: 4 }),
    deviations: fc.constant([]),
    clockAnomalies: fc.constant([]),
  }),
  aliases: fc.array(text, { maxLength: 2 }),
  attributes: fc
    .array(fc.tuple(text, fc.record({ value: text, occurredAt: time })), { maxLength: 2 })
    .map((entries) => new Map(entries)),
  failures: fc.constant([]),
  failuresLeftOut: fc.nat(),
  firstObservedAtMs: fc.nat(),
});

it('gives an order back as it was written', () => {
  fc.assert(
    fc.property(state, (order) => {
      const encoded = encodeOrderState(order);
      expect(decodeOrderState(encoded)).toEqual(order);
      expect(encodeOrderState(decodeOrderState(encoded))).toBe(encoded);
    }),
    { numRuns: 500 },
  );
});
