import type { Health, System } from '../api/contract/system.ts';
import { formatRfc3339, type UnixNano } from '../model/units.ts';
import type { Journal } from '../pipeline/journal/journal.ts';
import type { Redactor } from '../pipeline/redact/redactor.ts';
import type { Projector } from '../projector/projector.ts';
import type { OtlpTally } from '../receivers/otlp/tally.ts';
import type { Loader } from '../store/loader.ts';
import type { Store, StoreStatus } from '../store/store.ts';

/** A store that takes longer to answer counts as away: who asks how Waybill is gets an answer in time. */
const STORE_ANSWERS_WITHIN_MS = 2_000;

/** The parts that Waybill reports about. */
export interface ReportedParts {
  readonly version: string;
  readonly now: () => UnixNano;
  readonly store: Store;
  readonly journal: Journal;
  readonly loader: Loader;
  readonly projector: Projector;
  readonly redactor: Redactor;
  /** One per receiver. */
  readonly tallies: readonly OtlpTally[];
}

/** Waybill's own condition, as the API shows it. */
export class SelfReport {
  readonly #parts: ReportedParts;
  readonly #startedAt: UnixNano;
  #lastStatus: StoreStatus = { kind: 'remote', ok: false, restarts: 0 };

  constructor(parts: ReportedParts) {
    this.#parts = parts;
    this.#startedAt = parts.now();
  }

  /** Ready when the store answers; a store that is away does not stop the intake, so receivers stay open meanwhile. */
  async readiness(): Promise<Health> {
    const store = await this.#parts.store.status();
    const { lagMs } = this.#parts.journal.stats();
    const checks = [
      { name: 'store', ok: store.ok, detail: `${store.kind}, ${store.restarts} restarts` },
      { name: 'journal', ok: true, detail: `${Math.round(lagMs)} ms behind` },
    ];
    return { status: checks.every(({ ok }) => ok) ? 'ok' : 'unavailable', checks };
  }

  async system(): Promise<System> {
    const { version, now, journal, projector } = this.#parts;
    const storeStatus = await this.#storeStatus();
    const { segments, bytes, limitBytes, lagMs } = journal.stats();
    const projectorStats = projector.stats();
    return {
      version,
      now: formatRfc3339(now()),
      startedAt: formatRfc3339(this.#startedAt),
      ingest: this.#ingest(),
      journal: { segments, bytes, limitBytes, lagMs },
      projector: {
        lagMs: projectorStats.lagMs,
        refoldedOrders: projectorStats.refoldedOrders,
        failures: projectorStats.failures,
        rejudging: projectorStats.rejudging,
      },
      store: { embedded: storeStatus.kind === 'embedded', ok: storeStatus.ok, restarts: storeStatus.restarts },
      drops: this.#drops(),
    };
  }

  /** Where the store stands; what was known last, and not ok, when it does not say so in time. */
  async #storeStatus(): Promise<StoreStatus> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<StoreStatus>((resolve) => {
      timer = setTimeout(() => resolve({ ...this.#lastStatus, ok: false }), STORE_ANSWERS_WITHIN_MS);
    });
    try {
      this.#lastStatus = await Promise.race([this.#parts.store.status(), late]);
    } finally {
      clearTimeout(timer);
    }
    return this.#lastStatus;
  }

  #ingest(): System['ingest'] {
    const snapshots = this.#parts.tallies.map((tally) => tally.snapshot());
    return {
      spansAccepted: total(snapshots.map(({ spansAccepted }) => spansAccepted)),
      spansRefused: total(snapshots.flatMap(({ spansRejected }) => Object.values(spansRejected))),
      requestsRefused: total(snapshots.flatMap(({ requestsRefused }) => Object.values(requestsRefused))),
      redactedValues: this.#parts.redactor.redactedCount,
    };
  }

  /** Everything that was cut, refused or set aside since the start; causes that did not occur are left out. */
  #drops(): System['drops'] {
    const drops = new Map<string, number>();
    const add = (what: string, count: number): void => {
      if (count > 0) drops.set(what, (drops.get(what) ?? 0) + count);
    };
    for (const tally of this.#parts.tallies) {
      const snapshot = tally.snapshot();
      for (const [reason, count] of Object.entries(snapshot.requestsRefused)) add(`request_refused.${reason}`, count);
      for (const [reason, count] of Object.entries(snapshot.spansRejected)) add(`span_rejected.${reason}`, count);
      add('value_truncated', snapshot.truncatedValues);
      add('invalid_utf8_replaced', snapshot.invalidUtf8);
      add('attribute_dropped', snapshot.droppedAttributes);
      add('event_dropped', snapshot.droppedEvents);
      add('link_dropped', snapshot.droppedLinks);
    }
    const journal = this.#parts.journal.stats();
    add('batch_refused.journal', journal.refusedBatches);
    add('journal_torn_bytes', journal.tornBytes);
    add('segment_set_aside', this.#parts.loader.stats.quarantinedSegments);
    return [...drops].map(([what, count]) => ({ what, count }));
  }
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
