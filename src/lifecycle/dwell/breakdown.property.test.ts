import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SPAN_KINDS } from '../../model/span-parents.ts';
import type { WorkSpan } from '../../model/work-span.ts';
import { type Breakdown, breakDown, placeWork } from './breakdown.ts';
import { coverage, type Interval, subtract, unite } from './intervals.ts';

const END = 60;

/** Any spans: ids that clash, parents that are missing or in a cycle, times that go back. */
const anySpan: fc.Arbitrary<WorkSpan> = fc
  .record({
    trace: fc.nat({ max: 1 }),
    id: fc.nat({ max: 12 }),
    parent: fc.option(fc.nat({ max: 13 })),
    service: fc.constantFrom('shop', 'crm', 'mes'),
    kind: fc.constantFrom(...SPAN_KINDS),
    start: fc.integer({ min: -5, max: END + 5 }),
    length: fc.integer({ min: -2, max: 20 }),
    messaging: fc.constantFrom('send' as const, 'receive' as const, null, null),
    peer: fc.constantFrom('', 'postgresql', 'bank'),
    link: fc.option(fc.nat({ max: 12 })),
  })
  .map(({ trace, id, parent, start, length, link, ...rest }) => ({
    ...rest,
    traceId: `t${trace}`,
    spanId: `s${id}`,
    parentSpanId: parent === null ? null : `s${parent}`,
    start: BigInt(start),
    end: BigInt(start + length),
    links: link === null ? [] : [{ traceId: 't0', spanId: `s${link}` }],
  }));

const anySpans = fc.uniqueArray(anySpan, {
  maxLength: 25,
  selector: ({ traceId, spanId, kind }) => `${traceId} ${spanId} ${kind}`,
});

const anyInterval: fc.Arbitrary<Interval> = fc
  .tuple(fc.integer({ min: 0, max: END }), fc.integer({ min: -3, max: 20 }))
  .map(([from, length]) => ({ from: BigInt(from), to: BigInt(from + length) }));

const anyIntervals = fc.array(anyInterval, { maxLength: 12 });
const wholeTime: Interval = { from: 0n, to: BigInt(END) };

/** The times, one by one, that intervals cover: slow and obviously right. */
function moments(intervals: Iterable<Interval>): Set<bigint> {
  const covered = new Set<bigint>();
  for (const { from, to } of intervals) for (let at = from; at < to; at += 1n) covered.add(at);
  return covered;
}

function inside(times: ReadonlySet<bigint>, { from, to }: Interval): bigint {
  return BigInt([...times].filter((at) => at >= from && at < to).length);
}

describe('intervals', () => {
  test('are united, subtracted and measured as the sets of moments that they are', () => {
    fc.assert(
      fc.property(anyIntervals, anyIntervals, anyInterval, (left, right, window) => {
        const [all, without] = [unite(left), unite(right)];
        const rest = subtract(all, without);
        const expected = new Set([...moments(left)].filter((at) => !moments(right).has(at)));
        expect(moments(all)).toEqual(moments(left));
        expect(moments(rest)).toEqual(expected);
        expect(unite(rest)).toEqual(rest);
        expect(coverage(all, window)).toBe(inside(moments(left), window));
        for (const [index, { from, to }] of all.entries()) {
          expect(to > from && from > (all[index - 1]?.to ?? -1n)).toBe(true);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('for any spans', () => {
  const total = (times: Breakdown['services']): bigint => times.reduce((sum, { time }) => sum + time, 0n);

  test('idle and covered time add up to the visit, and nothing is longer than it', () => {
    fc.assert(
      fc.property(anySpans, anyIntervals, anyInterval, (spans, waits, visit) => {
        const work = placeWork(spans, waits);
        const found = breakDown(work, visit);
        const parts = [...work.services.values(), ...work.externals.values(), work.queue].flat();
        expect(found.idle + inside(moments(parts), visit)).toBe(visit.to - visit.from);
        if (visit.to < visit.from) return;
        expect(found.idle >= 0n).toBe(true);
        for (const { time } of [...found.services, ...found.externals])
          expect(time <= visit.to - visit.from).toBe(true);
        expect(total(found.services) + found.external + found.queue + found.idle >= visit.to - visit.from).toBe(true);
        expect(found.external <= total(found.externals)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  test('only time in which a span of the order was, or a message waited, is covered', () => {
    fc.assert(
      fc.property(anySpans, (spans) => {
        const { busy, queue } = placeWork(spans);
        const seen = moments(spans.map(({ start, end }) => ({ from: start, to: end })));
        for (const at of moments(subtract(busy, queue))) expect(seen.has(at)).toBe(true);
      }),
    );
  });

  test('their order changes nothing', () => {
    const shuffled = anySpans.chain((spans) =>
      fc.tuple(fc.constant(spans), fc.shuffledSubarray(spans, { minLength: spans.length, maxLength: spans.length })),
    );
    fc.assert(
      fc.property(shuffled, ([spans, other]) => {
        expect(placeWork(other)).toEqual(placeWork(spans));
      }),
      { numRuns: 500 },
    );
  });

  test('a span without children may as well be two, one after the other', () => {
    fc.assert(
      fc.property(anySpans, fc.nat(), fc.nat(), (spans, which, where) => {
        const isNamed = (span: WorkSpan): boolean =>
          spans.some(
            (other) =>
              other.links.some((link) => link.traceId === span.traceId && link.spanId === span.spanId) ||
              (other !== span &&
                other.traceId === span.traceId &&
                (other.spanId === span.spanId || other.parentSpanId === span.spanId)),
          );
        // Not one that takes a message, whose start means more than its time.
        const leaves = spans.filter(
          (span) => !isNamed(span) && span.end - span.start > 1n && span.kind !== 'consumer' && span.messaging === null,
        );
        const whole = leaves[which % Math.max(1, leaves.length)];
        fc.pre(whole !== undefined);
        if (whole === undefined) return;
        const cut = whole.start + 1n + (BigInt(where) % (whole.end - whole.start - 1n));
        const halves = [
          { ...whole, end: cut },
          { ...whole, start: cut, spanId: 'other half' },
        ];
        const { spans: _count, ...split } = breakDown(
          placeWork([...spans.filter((span) => span !== whole), ...halves]),
          wholeTime,
        );
        const { spans: _whole, ...together } = breakDown(placeWork(spans), wholeTime);
        expect(split).toEqual(together);
      }),
      { numRuns: 1000 },
    );
  });

  test('visits that follow one another consist of what the time from first to last consists of', () => {
    fc.assert(
      fc.property(
        anySpans,
        fc.uniqueArray(fc.integer({ min: 1, max: END - 1 }), { maxLength: 6 }),
        (spans, borders) => {
          const work = placeWork(spans);
          const times = [0, ...borders.toSorted((a, b) => a - b), END].map(BigInt);
          const visits = times.slice(1).map((to, index) => breakDown(work, { from: times[index] ?? 0n, to }));
          const whole = breakDown(work, wholeTime);
          const sum = (pick: (part: Breakdown) => bigint): bigint => visits.reduce((all, part) => all + pick(part), 0n);
          expect(sum(({ idle }) => idle)).toBe(whole.idle);
          expect(sum(({ queue }) => queue)).toBe(whole.queue);
          expect(sum(({ external }) => external)).toBe(whole.external);
          for (const { name, time } of whole.services) {
            expect(sum(({ services }) => services.find((each) => each.name === name)?.time ?? 0n)).toBe(time);
          }
        },
      ),
    );
  });
});
