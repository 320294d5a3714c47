import { describe, expect, it } from 'vitest';
import { Guard, type GuardReading } from './guard.ts';

const limits = { maxRate: 1000, resumeBelow: 0.5, maxLagMs: 5000, pauseMs: 10_000, maxUncertaintyMs: 20 };
const calm: GuardReading = { now: 0, rate: 10, expectedRate: undefined, lagMs: 1, alarm: undefined };

describe('Guard', () => {
  it('pauses at an alarm at once and goes on when the alarm and the pause are over', () => {
    const guard = new Guard(limits);
    expect(guard.decide(calm)).toEqual({ kind: 'keep' });
    expect(guard.decide({ ...calm, alarm: 'memory_alarm' })).toEqual({ kind: 'pause', reason: 'memory_alarm' });
    expect(guard.decide({ ...calm, rate: undefined, now: 20_000, alarm: 'disk_alarm' })).toEqual({ kind: 'keep' });
    expect(guard.reason).toBe('disk_alarm');
    expect(guard.decide({ ...calm, rate: undefined, now: 20_001 })).toEqual({ kind: 'resume' });
    expect(guard.reason).toBeUndefined();
  });

  it('waits until the broker is calmer than the limit, so that it does not flap', () => {
    const guard = new Guard(limits);
    expect(guard.decide({ ...calm, rate: 1001 })).toMatchObject({ reason: 'rate' });
    const paused = { ...calm, rate: undefined };
    expect(guard.decide({ ...paused, now: 9999, expectedRate: 0 })).toEqual({ kind: 'keep' });
    expect(guard.decide({ ...paused, now: 10_000, expectedRate: 501 })).toEqual({ kind: 'keep' });
    expect(guard.decide({ ...paused, now: 11_000, expectedRate: 500, lagMs: 3000 })).toEqual({ kind: 'keep' });
    expect(guard.decide({ ...paused, now: 12_000, expectedRate: 500 })).toEqual({ kind: 'resume' });
  });

  it('pauses longer each time when it has to pause again soon, up to sixteen times', () => {
    const guard = new Guard(limits);
    let now = 0;
    const lengths: number[] = [];
    for (let round = 0; round < 7; round += 1) {
      expect(guard.decide({ ...calm, now, rate: 5000 }).kind).toBe('pause');
      const from = now;
      while (guard.decide({ ...calm, now, rate: undefined }).kind !== 'resume') now += 1000;
      lengths.push(now - from);
      now += 1000;
    }
    expect(lengths).toEqual([10_000, 20_000, 40_000, 80_000, 160_000, 160_000, 160_000]);
    now += 1_000_000;
    guard.decide({ ...calm, now, lagMs: 6000 });
    expect(guard.reason).toBe('lag');
    expect(guard.decide({ ...calm, rate: undefined, now: now + 10_000 })).toEqual({ kind: 'resume' });
    expect(guard.pauses).toBe(8);
  });
});
