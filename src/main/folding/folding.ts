import { Worker } from 'node:worker_threads';
import { WaybillError } from '../../model/errors.ts';
import { moduleFile } from '../../model/module-file.ts';
import type { BreakdownStats } from '../../projector/breakdowns.ts';
import type { ProjectorStats } from '../../projector/projector.ts';
import { describeError } from '../describe-error.ts';
import type { Log } from '../log.ts';
import type { FoldingAnswer, FoldingInput, FoldingReport, FoldingRequest } from './folding-messages.ts';

/** Where folding stands. */
export interface FoldingStats {
  /** Milliseconds since the oldest touch that is not folded was loaded; 0 when there is none. */
  readonly lagMs: number;
  readonly projector: ProjectorStats;
  readonly breakdowns: BreakdownStats;
}

/** Longest wait for the round under way, in milliseconds; one that is cut off is repeated at the next start. */
const STOP_WITHIN_MS = 60_000;
const BACK_OFF_MS = { first: 1_000, most: 30_000, forgottenAfter: 60_000 };

/**
 * Runs the thread that makes orders out of facts, and starts it again when it dies. Nothing is lost by that: what is folded and what is
 * not stands in the store.
 */
export class Folding {
  readonly #input: FoldingInput;
  readonly #log: Log;
  readonly #thread: URL;
  readonly #now: () => number;
  #worker: Worker | undefined;
  /** The last one, with what threads before had counted. */
  #report: FoldingReport | undefined;
  /** It as it was when the last thread died. */
  #ended: FoldingReport | undefined;
  #segments = 0;
  /** When the first of the segments was loaded that the thread has not heard of. */
  #unheardSince: number | undefined;
  #spawnedAt = 0;
  #backOffMs = BACK_OFF_MS.first;
  #retryTimer: NodeJS.Timeout | undefined;
  #isStopping = false;

  /** @param options.thread its entry, for tests */
  constructor(options: { input: FoldingInput; log: Log; thread?: URL; now?: () => number }) {
    this.#input = options.input;
    this.#log = options.log;
    this.#thread = options.thread ?? moduleFile(import.meta.url, './folding-thread');
    this.#now = options.now ?? Date.now;
  }

  /** Takes up where the last process stopped. Rejects with what the projector rejects with. */
  start(): Promise<void> {
    return this.#spawn();
  }

  /** Tells that a segment came into the store. */
  notify(): void {
    this.#segments += 1;
    this.#unheardSince ??= this.#now();
    this.#tell();
  }

  /** As of some 50 milliseconds ago, save that what waits counts from the moment in which it came. */
  stats(): FoldingStats {
    if (this.#report === undefined) throw new Error('folding has not been started');
    const { projector, breakdowns } = this.#report;
    const since = Math.min(
      projector.waitingSince ?? Number.POSITIVE_INFINITY,
      this.#unheardSince ?? Number.POSITIVE_INFINITY,
    );
    return { lagMs: Number.isFinite(since) ? Math.max(1, this.#now() - since) : 0, projector, breakdowns };
  }

  /** Finishes the round under way, within a bound. Idempotent. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#retryTimer);
    const worker = this.#worker;
    if (worker === undefined) return;
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    worker.postMessage({ kind: 'stop' } satisfies FoldingRequest, []);
    const timer = setTimeout(() => void worker.terminate(), STOP_WITHIN_MS);
    await ended;
    clearTimeout(timer);
  }

  /** Starts a thread; resolves when it has told where it stands. */
  #spawn(): Promise<void> {
    const worker = new Worker(this.#thread, { workerData: this.#input });
    this.#worker = worker;
    this.#spawnedAt = this.#now();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let reason = 'it ended';
    worker.on('message', (answer: FoldingAnswer) => {
      if (answer.kind === 'error') this.#log('error', answer.message);
      else if (answer.kind === 'report') {
        this.#hear(answer.report);
        resolve();
      } else {
        const { code, message, remedy } = answer;
        reason = `${code}: ${message}`;
        reject(new WaybillError(code, message, remedy === undefined ? {} : { remedy }));
      }
    });
    worker.on('error', (error) => {
      reason = describeError(error);
    });
    worker.once('exit', () => {
      reject(new WaybillError('internal', `the thread that folds orders ended: ${reason}`));
      this.#onExit(reason);
    });
    this.#tell();
    return promise;
  }

  #tell(): void {
    if (this.#segments === 0) return;
    this.#worker?.postMessage({ kind: 'loaded', segments: this.#segments } satisfies FoldingRequest, []);
  }

  #hear(report: FoldingReport): void {
    this.#report = withCountsOf(this.#ended, report);
    if (report.segments === this.#segments) this.#unheardSince = undefined;
  }

  #onExit(reason: string): void {
    this.#worker = undefined;
    // A thread that never told where it stands: who started it hears of that.
    if (this.#isStopping || this.#report === undefined) return;
    const { projector } = this.#report;
    this.#report = { ...this.#report, projector: { ...projector, failures: projector.failures + 1 } };
    this.#ended = this.#report;
    this.#unheardSince ??= this.#now();
    if (this.#now() - this.#spawnedAt > BACK_OFF_MS.forgottenAfter) this.#backOffMs = BACK_OFF_MS.first;
    this.#log('error', 'the thread that folds orders died and is started again', { reason });
    this.#retryTimer = setTimeout(() => {
      // It is tried again when this one has ended, too.
      this.#spawn().catch(() => undefined);
    }, this.#backOffMs);
    this.#backOffMs = Math.min(this.#backOffMs * 2, BACK_OFF_MS.most);
  }
}

/** A report with what threads before it had counted; gauges are its own. */
function withCountsOf(ended: FoldingReport | undefined, report: FoldingReport): FoldingReport {
  if (ended === undefined) return report;
  const { projector, breakdowns } = report;
  return {
    ...report,
    projector: {
      ...projector,
      refoldedOrders: projector.refoldedOrders + ended.projector.refoldedOrders,
      failures: projector.failures + ended.projector.failures,
    },
    breakdowns: {
      waiting: breakdowns.waiting,
      computedOrders: breakdowns.computedOrders + ended.breakdowns.computedOrders,
      letGo: breakdowns.letGo + ended.breakdowns.letGo,
      tooLarge: breakdowns.tooLarge + ended.breakdowns.tooLarge,
      givenUp: breakdowns.givenUp + ended.breakdowns.givenUp,
      failures: breakdowns.failures + ended.breakdowns.failures,
    },
  };
}
