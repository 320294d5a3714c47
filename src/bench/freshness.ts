import { setTimeout as sleep } from 'node:timers/promises';
import { Histogram, type Latency } from './histogram.ts';
import { RunIds } from './ids.ts';
import { PLAN_SPANS, planSpans } from './plan.ts';
import { traceOf } from './request-body.ts';

const LOOK_EVERY_MS = 50;
/** A trace that is not there by then is counted as that late. */
const GIVE_UP_MS = 60_000;

/** How long after its acknowledgement a trace is in the API: one trace after another is looked for while a load lasts. */
export class Freshness {
  readonly #api: string | undefined;
  readonly #batch: number;
  readonly #ids: RunIds;
  readonly #found = new Histogram();
  #isLooking = false;
  #isOn = false;
  #last: Promise<void> = Promise.resolve();

  /** @param api base URL; undefined: nothing is looked for */
  constructor(api: string | undefined, { seed, batch }: { seed: number; batch: number }) {
    this.#api = api;
    this.#batch = batch;
    this.#ids = new RunIds(seed);
  }

  start(): void {
    this.#isOn = this.#api !== undefined;
  }

  /** A request was acknowledged just now; looks for its last trace unless it looks for another one. */
  note(request: number): void {
    if (!this.#isOn || this.#isLooking) return;
    this.#isLooking = true;
    const span = (request + 1) * this.#batch - 1;
    const planned = planSpans(0)[span % PLAN_SPANS];
    if (planned === undefined) return;
    this.#last = this.#lookFor(this.#ids.traceText(traceOf(span, planned))).finally(() => {
      this.#isLooking = false;
    });
  }

  /** Ends after the trace at hand; undefined where nothing was looked for. */
  async stop(): Promise<Latency | undefined> {
    this.#isOn = false;
    await this.#last;
    return this.#api === undefined ? undefined : this.#found.latency();
  }

  async #lookFor(traceId: string): Promise<void> {
    const since = performance.now();
    while (performance.now() - since < GIVE_UP_MS) {
      await sleep(LOOK_EVERY_MS);
      const isThere = await fetch(`${this.#api}/api/traces/${traceId}`).then(
        async (response) => {
          await response.arrayBuffer();
          return response.ok;
        },
        () => false,
      );
      if (isThere) break;
    }
    this.#found.add(performance.now() - since);
  }
}
