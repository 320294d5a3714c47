import type { BrokerStatus, Health, System } from '../api/contract/system.ts';
import type { TracedVhost } from '../api/parts.ts';
import type { DeathReason } from '../model/message.ts';
import { formatRfc3339, type UnixNano } from '../model/units.ts';
import type { Journal } from '../pipeline/journal/journal.ts';
import type { Redactor } from '../pipeline/redact/redactor.ts';
import type { OtlpTally } from '../receivers/otlp/tally.ts';
import type { QueueWatchReport } from '../receivers/rabbitmq/broker/queue-watch.ts';
import type { QueueWatches } from '../receivers/rabbitmq/broker/queue-watches.ts';
import type { FirehoseReceivers } from '../receivers/rabbitmq/firehose-receivers.ts';
import type { Loader } from '../store/loader.ts';
import type { Store, StoreStatus } from '../store/store.ts';
import type { Folding } from './folding/folding.ts';

/** A store that takes longer to answer counts as away: who asks how Waybill is gets an answer in time. */
const STORE_ANSWERS_WITHIN_MS = 2_000;

/** The parts that Waybill reports about. */
export interface ReportedParts {
  readonly version: string;
  readonly now: () => UnixNano;
  readonly store: Store;
  readonly journal: Journal;
  readonly loader: Loader;
  readonly folding: Folding;
  readonly redactor: Redactor;
  /** One per receiver. */
  readonly tallies: readonly OtlpTally[];
  readonly firehoses: FirehoseReceivers;
  readonly queueWatches: QueueWatches;
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
    const { version, now, journal, folding } = this.#parts;
    const storeStatus = await this.#storeStatus();
    const { segments, bytes, limitBytes, lagMs } = journal.stats();
    const { lagMs: foldingLagMs, projector, breakdowns } = folding.stats();
    return {
      version,
      now: formatRfc3339(now()),
      startedAt: formatRfc3339(this.#startedAt),
      ingest: this.#ingest(),
      journal: { segments, bytes, limitBytes, lagMs },
      projector: {
        lagMs: foldingLagMs,
        refoldedOrders: projector.refoldedOrders,
        failures: projector.failures,
        rejudging: projector.rejudging,
        breakingDown: breakdowns.waiting,
      },
      store: { embedded: storeStatus.kind === 'embedded', ok: storeStatus.ok, restarts: storeStatus.restarts },
      rabbitmq: this.tracedVhosts().map(({ status }) => status),
      drops: this.#drops(),
    };
  }

  /** The tracers of RabbitMQ, with what they know of queues. */
  tracedVhosts(): TracedVhost[] {
    const sampled = new Map(
      this.queueWatches().map((report) => [JSON.stringify([report.broker, report.vhost]), report]),
    );
    return this.#parts.firehoses.report().map((report) => {
      const { queues, followedSince, since, ...rest } = report;
      const sampling = samplingOf(sampled.get(JSON.stringify([report.broker, report.vhost])));
      return { queues, followedSince, status: { ...rest, since: formatRfc3339(since), sampling } };
    });
  }

  /** The watches over the queues of RabbitMQ. */
  queueWatches(): QueueWatchReport[] {
    return this.#parts.queueWatches.report();
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
      logRecordsAccepted: total(snapshots.map(({ logRecordsAccepted }) => logRecordsAccepted)),
      logRecordsRefused: total(snapshots.flatMap(({ logRecordsRejected }) => Object.values(logRecordsRejected))),
      dataPointsAccepted: total(snapshots.map(({ dataPointsAccepted }) => dataPointsAccepted)),
      dataPointsRefused: total(snapshots.flatMap(({ dataPointsRejected }) => Object.values(dataPointsRejected))),
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
      for (const [why, count] of Object.entries(snapshot.logRecordsRejected)) add(`log_record_rejected.${why}`, count);
      for (const [why, count] of Object.entries(snapshot.dataPointsRejected)) add(`data_point_rejected.${why}`, count);
      add('value_truncated', snapshot.truncatedValues);
      add('invalid_utf8_replaced', snapshot.invalidUtf8);
      add('attribute_dropped', snapshot.droppedAttributes);
      add('event_dropped', snapshot.droppedEvents);
      add('link_dropped', snapshot.droppedLinks);
      add('exemplar_dropped', snapshot.droppedExemplars);
      add('invalid_id_left_out', snapshot.invalidIds);
    }
    for (const { malformed, repeated, dropped, unreliable, estimatedLost } of this.#parts.firehoses.report()) {
      add('firehose_event.malformed', malformed);
      add('firehose_event.repeated', repeated);
      add('firehose_event.refused', dropped);
      add('firehose_event.lost_estimated', estimatedLost ?? 0);
      add('queue_delay.suppressed', unreliable);
    }
    for (const { queuesLeftOut, refused, notDead } of this.queueWatches()) {
      add('queue_not_sampled', queuesLeftOut);
      add('dead_letter.refused', refused);
      add('dead_letter.copy_of_living', notDead);
    }
    const { letGo, tooLarge, givenUp } = this.#parts.folding.stats().breakdowns;
    add('breakdown.let_go', letGo);
    add('breakdown.too_many_spans', tooLarge);
    add('breakdown.failed', givenUp);
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

function byReason(counts: ReadonlyMap<DeathReason, number>): { reason: DeathReason; count: number }[] {
  return [...counts].map(([reason, count]) => ({ reason, count }));
}

function samplingOf(report: QueueWatchReport | undefined): BrokerStatus['sampling'] {
  if (report === undefined) return null;
  const { state, failure, remedy, since, queuesLeftOut, counters } = report;
  return {
    state,
    failure,
    remedy,
    since: formatRfc3339(since),
    queuesLeftOut,
    counters:
      counters === null
        ? null
        : {
            deadLettered: byReason(counters.deadLettered),
            discarded: byReason(counters.discarded),
            unroutable: counters.unroutable,
          },
  };
}
