import { describe, expect, it } from 'vitest';
import { Timeliness } from './timeliness.ts';

/** A watch whose clock the test moves. */
function watched(limitMs = 20): { timeliness: Timeliness; at: (time: number) => void } {
  let now = 0;
  const timeliness = new Timeliness(limitMs, () => now);
  return {
    timeliness,
    at: (time) => {
      now = time;
    },
  };
}

describe('Timeliness', () => {
  it('distrusts what arrives in and right after a stall of our own, and nothing else', () => {
    const { timeliness, at } = watched();
    for (const time of [5, 10, 15, 65, 70]) {
      at(time);
      timeliness.tick();
    }
    expect([10, 15, 40, 65, 100, 115, 116, 200].map((time) => timeliness.isTimely(time))).toEqual([
      true,
      false,
      false,
      false,
      false,
      false,
      true,
      true,
    ]);
  });

  it('distrusts what arrives between two measurements when one of them shows a wait', () => {
    const { timeliness, at } = watched();
    const measure = (time: number, lagMs: number): void => {
      for (let tick = time - 4; tick <= time; tick += 1) {
        at(tick);
        timeliness.tick();
      }
      timeliness.measured(time - 1, time, lagMs);
    };
    measure(5, 1);
    measure(10, 30);
    measure(15, 1);
    measure(20, 2);
    expect([3, 7, 12, 17, 25].map((time) => timeliness.isTimely(time))).toEqual([true, false, false, true, true]);
  });

  it('does not blame the broker for a stall of our own', () => {
    const { timeliness, at } = watched();
    at(5);
    timeliness.tick();
    at(55);
    timeliness.measured(5, 55, 50);
    expect(timeliness.isTimely(4)).toBe(true);
    expect(timeliness.isTimely(30)).toBe(false);
  });
});
