import { describe, expect, it } from 'vitest';
import { KeptFigures } from './kept-figures.ts';

/** Figures that are read when the test says so, under a clock that only the test moves. */
function rig() {
  const clock = { now: 0 };
  const readings: { resolve: (figures: string) => void; reject: (error: Error) => void }[] = [];
  const errors: unknown[] = [];
  const kept = new KeptFigures<string>({
    read: () => new Promise((resolve, reject) => readings.push({ resolve, reject })),
    now: () => clock.now,
    onError: (error) => errors.push(error),
  });
  return { clock, readings, errors, kept };
}

const LONG = 60_000;

describe('kept figures', () => {
  it('are read once for everybody who asks at the same time', async () => {
    const { kept, readings } = rig();
    const asked = [kept.get(LONG), kept.get(LONG), kept.get(LONG)];
    expect(readings).toHaveLength(1);
    readings[0]?.resolve('first');
    expect((await Promise.all(asked)).map((answer) => answer?.figures)).toEqual(['first', 'first', 'first']);
  });

  it('are not read again within ten seconds', async () => {
    const { kept, readings, clock } = rig();
    const asked = kept.get(LONG);
    readings[0]?.resolve('first');
    await asked;
    clock.now = 9_999;
    expect(await kept.get(LONG)).toEqual({ figures: 'first', ageMs: 9_999, tookMs: 0 });
    expect(readings).toHaveLength(1);
    clock.now = 10_000;
    const again = kept.get(LONG);
    readings[1]?.resolve('second');
    expect((await again)?.figures).toBe('second');
  });

  it('are read at most a tenth of the time', async () => {
    const { kept, readings, clock } = rig();
    const asked = kept.get(LONG);
    clock.now = 5_000;
    readings[0]?.resolve('slow');
    expect(await asked).toEqual({ figures: 'slow', ageMs: 5_000, tookMs: 5_000 });
    clock.now = 49_999;
    await kept.get(LONG);
    expect(readings).toHaveLength(1);
    clock.now = 50_000;
    void kept.get(0);
    expect(readings).toHaveLength(2);
  });

  it('are the last ones for who does not wait for a slow reading', async () => {
    const { kept, readings, clock } = rig();
    const asked = kept.get(LONG);
    readings[0]?.resolve('first');
    await asked;
    clock.now = 20_000;
    expect((await kept.get(1))?.figures).toBe('first');
    expect(readings).toHaveLength(2);
  });

  it('are absent before the first reading has ended', async () => {
    expect(await rig().kept.get(1)).toBeUndefined();
  });

  it('are absent after a reading that failed, which is counted and not repeated at once', async () => {
    const { kept, readings, clock, errors } = rig();
    const asked = kept.get(LONG);
    readings[0]?.resolve('first');
    await asked;
    clock.now = 10_000;
    const failing = kept.get(LONG);
    readings[1]?.reject(new Error('away'));
    expect(await failing).toBeUndefined();
    expect(await kept.get(LONG)).toBeUndefined();
    expect([kept.failures, errors.length, readings.length]).toEqual([1, 1, 2]);
    clock.now = 20_000;
    const recovered = kept.get(LONG);
    readings[2]?.resolve('third');
    expect((await recovered)?.figures).toBe('third');
  });

  it('are absent when they are older than a quarter of an hour', async () => {
    const { kept, readings, clock } = rig();
    const asked = kept.get(LONG);
    readings[0]?.resolve('first');
    await asked;
    clock.now = 15 * 60_000 + 1;
    expect(await kept.get(1)).toBeUndefined();
  });
});
