/** When a trace is looked at again, after it was last touched; a span that closes a gap mostly comes within seconds. */
const DELAYS_MS = [5_000, 60_000, 600_000] as const;

/** Most traces that wait; beyond it the oldest are let go, and counted. */
const MAX_WAITING = 10_000;

interface Waiting {
  readonly dueAt: number;
  readonly step: number;
}

/**
 * Traces whose status facts take their order from an ancestor span.
 *
 * A span between the fact and the span that names the order may arrive later than both, without naming anything itself, so that no
 * touch tells of it. These traces are therefore folded again a few times.
 */
export class Recheck {
  readonly #waiting = new Map<string, Waiting>();
  #letGo = 0;

  /** Traces that were let go because too many waited. */
  get letGo(): number {
    return this.#letGo;
  }

  /** Starts the waiting of a trace anew. */
  add(trace: string, now: number): void {
    this.#schedule(trace, 0, now);
    for (const oldest of this.#waiting.keys()) {
      if (this.#waiting.size <= MAX_WAITING) break;
      this.#waiting.delete(oldest);
      this.#letGo += 1;
    }
  }

  /** Takes the traces that are due; each comes again after its next delay until it had all of them. */
  takeDue(now: number): string[] {
    const due = [...this.#waiting].filter(([, { dueAt }]) => dueAt <= now);
    for (const [trace, { step }] of due) {
      this.#waiting.delete(trace);
      this.#schedule(trace, step + 1, now);
    }
    return due.map(([trace]) => trace);
  }

  /** Milliseconds until the next trace is due; undefined when none waits. */
  msUntilDue(now: number): number | undefined {
    let earliest = Number.POSITIVE_INFINITY;
    for (const { dueAt } of this.#waiting.values()) earliest = Math.min(earliest, dueAt);
    return Number.isFinite(earliest) ? Math.max(0, earliest - now) : undefined;
  }

  #schedule(trace: string, step: number, now: number): void {
    const delay = DELAYS_MS[step];
    if (delay === undefined) return;
    this.#waiting.delete(trace);
    this.#waiting.set(trace, { dueAt: now + delay, step });
  }
}
