import * as fc from 'fast-check';
import type { Lifecycle, LifecycleTransition } from '../definition.ts';

/** The label of everything in the lifecycles below. */
export const LABEL = { ru: 'а', en: 'a' };

/**
 * Sound lifecycles of 1 to 9 statuses with any number of branches, loops, self-edges and finals. Soundness is by
 * construction: each status has an edge from one before it, and each that is not final one to a status after it.
 */
export const lifecycles: fc.Arbitrary<Lifecycle> = fc
  .record({
    count: fc.integer({ min: 1, max: 9 }),
    seeds: fc.array(fc.nat(), { minLength: 18, maxLength: 18 }),
    finals: fc.array(fc.boolean(), { minLength: 9, maxLength: 9 }),
    extra: fc.array(fc.tuple(fc.nat({ max: 8 }), fc.nat({ max: 8 })), { maxLength: 12 }),
    order: fc.array(fc.nat(), { minLength: 9, maxLength: 9 }),
  })
  .map(({ count, seeds, finals, extra, order }) => {
    const isFinal = (index: number): boolean => index === count - 1 || (index > 0 && finals[index] === true);
    const edges = new Map<string, LifecycleTransition>();
    const add = (from: number, to: number): void => {
      edges.set(`${from}>${to}`, {
        from: `S${from}`,
        to: `S${to}`,
        reopen: isFinal(from) && from !== to,
        requires: [],
      });
    };
    for (let index = 1; index < count; index += 1) add((seeds[index] ?? 0) % index, index);
    for (let index = 0; index < count - 1; index += 1) {
      if (!isFinal(index)) add(index, index + 1 + ((seeds[9 + index] ?? 0) % (count - 1 - index)));
    }
    for (const [from, to] of extra) if (from < count && to < count) add(from, to);
    const indexes = Array.from({ length: count }, (_, index) => index);
    return {
      name: 'random',
      version: '1',
      label: LABEL,
      initial: 'S0',
      target: null,
      calendar: null,
      regions: [],
      systems: [{ id: 'x', label: LABEL, services: [] }],
      statuses: indexes
        .toSorted((a, b) => (order[a] ?? 0) - (order[b] ?? 0))
        .map((index) => ({
          id: `S${index}`,
          system: 'x',
          reportedBy: [],
          region: null,
          label: LABEL,
          target: null,
          final: isFinal(index),
        })),
      transitions: [...edges.values()],
    };
  });

/** Ids that mean something in one notation or another, or nothing in most. */
const ODD_IDS = [
  'end default done error done.state.x error.* xstate.init start p1 t1-in page',
  'a a.b a.b.c . .a #a * a.* a\\.b 10 7 - _ A Я Отправлен 出荷',
  'status_1 status_1_ status_2 status_3 status_4 constructor __proto__ toString hasOwnProperty',
  '<b> &amp; ]]> " \' --> <![CDATA[ 💎 \ufffe \ud800 é e\u0301',
]
  .join(' ')
  .split(' ')
  .concat('a b');

/** The sound lifecycles with ids that may have a meaning in the notation to which they are exported. */
export const oddlyNamedLifecycles: fc.Arbitrary<Lifecycle> = fc
  .tuple(lifecycles, fc.shuffledSubarray(ODD_IDS, { minLength: 9, maxLength: 9 }), fc.string({ minLength: 1 }))
  .map(([lifecycle, ids, text]) => {
    const id = (status: string): string => ids[Number(status.slice(1))] ?? status;
    return {
      ...lifecycle,
      name: text,
      version: text,
      label: { ru: text, en: text },
      initial: id(lifecycle.initial),
      statuses: lifecycle.statuses.map((status) => ({ ...status, id: id(status.id) })),
      transitions: lifecycle.transitions.map((edge) => ({ ...edge, from: id(edge.from), to: id(edge.to) })),
    };
  });
