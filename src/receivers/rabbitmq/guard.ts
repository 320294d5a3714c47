import type { RabbitmqBrokerConfig } from './config.ts';

/** Why the tracer pauses. */
export type PauseReason = 'memory_alarm' | 'disk_alarm' | 'blocked' | 'rate' | 'lag';

/** How things are at one moment. */
export interface GuardReading {
  /** Milliseconds, monotonic. */
  readonly now: number;
  /** Events a second that arrive; undefined while the tracer is paused. */
  readonly rate: number | undefined;
  /** Events a second that would arrive, by what the broker says; undefined where it says nothing. */
  readonly expectedRate: number | undefined;
  /** Milliseconds that events wait in the tracer's queue. */
  readonly lagMs: number;
  readonly alarm: 'memory_alarm' | 'disk_alarm' | 'blocked' | undefined;
}

/** What to do now. */
export type GuardDecision =
  | { readonly kind: 'keep' }
  | { readonly kind: 'pause'; readonly reason: PauseReason }
  | { readonly kind: 'resume' };

const KEEP: GuardDecision = { kind: 'keep' };
const MAX_DOUBLINGS = 4;

/** Decides when the tracer pauses to spare the broker, and when it goes on. Pure but for its memory. */
export class Guard {
  readonly #limits: RabbitmqBrokerConfig['guard'];
  #paused: { reason: PauseReason; until: number } | undefined;
  #resumedAt = Number.NEGATIVE_INFINITY;
  /** Pauses in a row, each soon after the last one. */
  #inARow = 0;
  #pauses = 0;

  constructor(limits: RabbitmqBrokerConfig['guard']) {
    this.#limits = limits;
  }

  /** Why it is paused; undefined while it is not. */
  get reason(): PauseReason | undefined {
    return this.#paused?.reason;
  }

  /** Pauses since the start. */
  get pauses(): number {
    return this.#pauses;
  }

  decide(reading: GuardReading): GuardDecision {
    return this.#paused === undefined ? this.#whileRunning(reading) : this.#whilePaused(reading, this.#paused);
  }

  #whileRunning({ now, rate, lagMs, alarm }: GuardReading): GuardDecision {
    const { maxRate, maxLagMs, pauseMs } = this.#limits;
    const reason =
      alarm ?? (rate !== undefined && rate > maxRate ? 'rate' : lagMs > maxLagMs ? ('lag' as const) : undefined);
    if (reason === undefined) return KEEP;
    // A pause soon after the last one: what was wrong is still wrong.
    this.#inARow = now - this.#resumedAt < pauseMs ? Math.min(this.#inARow + 1, MAX_DOUBLINGS) : 0;
    this.#pauses += 1;
    this.#paused = { reason, until: now + pauseMs * 2 ** this.#inARow };
    return { kind: 'pause', reason };
  }

  #whilePaused(
    { now, expectedRate, lagMs, alarm }: GuardReading,
    paused: { reason: PauseReason; until: number },
  ): GuardDecision {
    const { maxRate, maxLagMs, resumeBelow } = this.#limits;
    if (alarm !== undefined) {
      paused.reason = alarm;
      return KEEP;
    }
    if (now < paused.until) return KEEP;
    if (expectedRate !== undefined && expectedRate > maxRate * resumeBelow) return KEEP;
    if (lagMs > maxLagMs * resumeBelow) return KEEP;
    this.#paused = undefined;
    this.#resumedAt = now;
    return { kind: 'resume' };
  }
}
