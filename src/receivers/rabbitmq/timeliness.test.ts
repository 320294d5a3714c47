import { describe, expect, it } from 'vitest';
import { Timeliness } from './timeliness.ts';

/** A watch whose clock the test moves. */
function watched(): { timeliness: Timeliness; at: (time: number) => void; tickUntil: (time: number) => void } {
  let now = 0;
  const timeliness = new Timeliness(() => now);
  const at = (time: number): void => {
    now = time;
  };
  const tickUntil = (time: number): void => {
    while (now < time) {
      now = Math.min(now + 3, time);
      timeliness.tick();
    }
  };
  return { timeliness, at, tickUntil };
}

/** What is not noticed may be as long. */
const FLOOR = 5;

describe('Timeliness', () => {
  it('takes what arrives in and right after a stall of our own for as late as the stall may have made it', () => {
    const { timeliness, at, tickUntil } = watched();
    tickUntil(15);
    at(65);
    timeliness.tick();
    tickUntil(300);
    const times = [10, 15, 40, 65, 66, 70, 71, 200];
    expect(times.map((time) => timeliness.latenessOf(time))).toEqual([FLOOR, FLOOR, 28, 53, 51, 55, FLOOR, FLOOR]);
  });

  it('looks back over two stalls in a row: what came in the first may be read in the second', () => {
    const { timeliness, at, tickUntil } = watched();
    tickUntil(9);
    for (const time of [30, 42]) {
      at(time);
      timeliness.tick();
    }
    tickUntil(100);
    expect([20, 31, 42, 43, 60].map((time) => timeliness.latenessOf(time))).toEqual([14, 22, 33, 13, FLOOR]);
  });

  it('takes what arrives between two measurements for as late as the larger one says', () => {
    const { timeliness, tickUntil } = watched();
    const measure = (time: number, lagMs: number): void => {
      tickUntil(time);
      timeliness.measured(time - 1, time, lagMs);
    };
    measure(5, 1);
    measure(10, 30);
    measure(15, 7);
    measure(20, 2);
    expect([3, 7, 12, 17, 25].map((time) => timeliness.latenessOf(time))).toEqual([FLOOR, 30, 30, 7, FLOOR]);
  });

  it('does not blame the broker for a stall of our own', () => {
    const { timeliness, at, tickUntil } = watched();
    tickUntil(5);
    at(55);
    timeliness.measured(5, 55, 50);
    expect(timeliness.latenessOf(4)).toBe(FLOOR);
    expect(timeliness.latenessOf(30)).toBeGreaterThan(20);
  });

  it('knows nothing of what was before everything that it remembers', () => {
    const { timeliness, at } = watched();
    for (let stall = 1; stall <= 5000; stall += 1) {
      at(stall * 100);
      timeliness.tick();
    }
    expect(timeliness.latenessOf(50)).toBe(Number.POSITIVE_INFINITY);
    expect(timeliness.latenessOf(499_950)).toBeLessThan(200);
  });
});
