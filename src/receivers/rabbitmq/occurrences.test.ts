import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Occurrences } from './occurrences.ts';

describe('Occurrences', () => {
  it('pairs equal messages in the order of each queue, whatever else happens in between', () => {
    const steps = fc.array(
      fc.record({
        key: fc.constantFrom('a', 'b'),
        queues: fc.subarray(['one', 'two'], { minLength: 1 }),
        deliver: fc.constantFrom('one', 'two', null),
      }),
      { maxLength: 200 },
    );
    fc.assert(
      fc.property(steps, (all) => {
        const occurrences = new Occurrences('1');
        const model = new Map<string, number[]>();
        const counts = new Map<string, number>();
        for (const { key, queues, deliver } of all) {
          const number = occurrences.published(key, queues);
          expect(number).toBe(counts.get(key) ?? 0);
          counts.set(key, number + 1);
          for (const queue of queues) model.set(key + queue, [...(model.get(key + queue) ?? []), number]);
          if (deliver === null) continue;
          expect(occurrences.delivered(key, deliver, false)).toBe(model.get(key + deliver)?.shift());
        }
      }),
    );
  });

  it('gives a redelivery the number of the message that it repeats', () => {
    const occurrences = new Occurrences('1');
    occurrences.published('a', ['q']);
    occurrences.published('a', ['q']);
    expect(occurrences.delivered('a', 'q', false)).toBe(0);
    expect(occurrences.delivered('a', 'q', true)).toBe(0);
    expect(occurrences.delivered('a', 'q', false)).toBe(1);
  });

  it('pairs nothing over a loss: a shifted pair would be a wrong figure', () => {
    const occurrences = new Occurrences('1');
    occurrences.published('a', ['q']);
    occurrences.forget('2');
    expect(occurrences.delivered('a', 'q', false)).toBeUndefined();
    expect(occurrences.epoch).toBe('2');
  });

  it('forgets the oldest keys beyond its bound, and counts them', () => {
    const occurrences = new Occurrences('1');
    for (let index = 0; index < 50_010; index += 1) occurrences.published(`k${index}`, ['q']);
    expect(occurrences.forgotten).toBe(10);
    expect(occurrences.delivered('k0', 'q', false)).toBeUndefined();
    expect(occurrences.delivered('k50009', 'q', false)).toBe(0);
  });
});
