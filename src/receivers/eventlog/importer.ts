import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer } from '../../model/consumer.ts';
import { WaybillError } from '../../model/errors.ts';
import type { OrderAttribute, OrderReference, StatusFact } from '../../model/order.ts';
import { msToNano, type UnixNano } from '../../model/units.ts';
import type { CsvProposal } from '../../wire/eventlog/csv-proposal.ts';
import { type EventLogEvent, MAX_NAME_CHARACTERS, type RejectedRow } from '../../wire/eventlog/event.ts';
import { DescribedOrders } from './described-orders.ts';
import { CaseCount, EvidenceIds } from './evidence-ids.ts';
import { type ImportFormat, type LogFile, openLogFile } from './log-file.ts';
import { openLog, proposeCsv, type ReadOptions } from './readers.ts';

export interface ImportOptions extends ReadOptions {
  /** Path of the file: CSV, XES, OCEL 2.0 JSON (each plain or gzip), OCEL 2.0 SQLite, JSON lines, zip with one CSV. */
  readonly file: string;
  /** Told from the content by default. */
  readonly format?: ImportFormat;
  /** Where the facts go; MUST acknowledge only what is durable. */
  readonly next: Consumer;
  /** Who reports where the file does not say it (`mapping.source`); 1 to 256 characters; part of the identity of events. */
  readonly source: string;
  /** The case id is an alias of this name, not the canonical order id. */
  readonly alias?: string;
  /** Our clock; default the system's. */
  readonly now?: () => UnixNano;
  /** Hears how far the import is, after each chunk. */
  readonly progress?: (progress: ImportProgress) => void;
  /** Stops between two chunks; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Hears every rejected row; awaited. `RejectedFile.write` keeps them in a file. */
  readonly rejected?: (row: RejectedRow) => void | Promise<void>;
  /** Facts per batch; default 5,000. */
  readonly batchSize?: number;
  /** Rejected rows that the summary lists; default 20. */
  readonly maxReasons?: number;
  /** Bytes after unpacking; default 8 GiB. */
  readonly maxUnpackedBytes?: number;
  /** How long a retryable refusal (journal full …) of one batch is retried, in milliseconds; default 10 minutes. */
  readonly maxRetryMs?: number;
}

export interface ImportProgress {
  readonly bytesRead: number;
  readonly bytesTotal: number;
  /** Facts handed to `next` or waiting for it. */
  readonly facts: number;
  readonly rejected: number;
}

/** What became of the records of a file: events = facts; events + rejected + skipped = everything that was read. */
export interface ImportSummary {
  readonly format: ImportFormat;
  /** Well-formed events that count; each became one fact (OCEL: one per order that the event names). */
  readonly events: number;
  /** Facts that are durable; all of `events` when the import returns. */
  readonly facts: number;
  readonly cases: number;
  /** Different activities; counting stops at 10,000. */
  readonly activities: number;
  readonly rejected: number;
  /** The first rejected rows. */
  readonly reasons: readonly { readonly line: number; readonly reason: string }[];
  readonly skipped: { readonly lifecycle: number; readonly unrelated: number };
  /** Times that the zone has twice (clocks set back); the earlier was taken. */
  readonly ambiguousLocalTimes: number;
}

const MAX_ACTIVITIES = 10_000;
const TRACE_ID = /^(?!0{32})[0-9a-f]{32}$/;
const SPAN_ID = /^(?!0{16})[0-9a-f]{16}$/;

/** Tells what a file is without importing it; for CSV also which columns seem to carry what. */
export async function inspectEventLog(
  options: ReadOptions & Pick<ImportOptions, 'file' | 'format' | 'maxUnpackedBytes'>,
): Promise<{ readonly format: ImportFormat; readonly bytes: number; readonly proposal: CsvProposal | undefined }> {
  const file = await open(options);
  return {
    format: file.format,
    bytes: file.bytes,
    proposal: file.format === 'csv' ? proposeCsv(file, options) : undefined,
  };
}

/**
 * Imports a file: streams its events as facts to `next`, one batch on its way while the next one is read.
 *
 * Idempotent: the same file from the same source gives the same evidence ids, so that an import that failed or was
 * stopped is resumed by importing again. Rows that are no events are counted, listed and handed to `rejected`; a file
 * that cannot be read further throws a WaybillError, and what was sent before stays.
 */
export async function importEventLog(options: ImportOptions): Promise<ImportSummary> {
  if (options.source === '' || options.source.length > MAX_NAME_CHARACTERS) {
    throw new WaybillError('invalid_argument', 'the source must have 1 to 256 characters', {
      remedy: 'name it with --source',
    });
  }
  options.signal?.throwIfAborted();
  const file = await open(options);
  const log = await openLog(file, options);
  const run = new ImportRun(options, log.hasIds);
  let bytesRead = 0;
  try {
    for await (const items of log.items((bytes) => {
      bytesRead += bytes;
    })) {
      options.signal?.throwIfAborted();
      for (const item of items) {
        if (item.kind === 'event') await run.event(item);
        else if (item.kind === 'rejected') await run.reject(item);
        else run.skipped[item.reason] += 1;
      }
      options.progress?.({ bytesRead, bytesTotal: log.totalBytes, facts: run.events, rejected: run.rejected });
    }
    await run.flush();
  } finally {
    await run.settle();
  }
  return run.summary(file.format, log.timestamps.ambiguousLocalTimes);
}

function open({
  file,
  format,
  maxUnpackedBytes,
}: Pick<ImportOptions, 'file' | 'format' | 'maxUnpackedBytes'>): Promise<LogFile> {
  return openLogFile(file, { ...(format && { format }), ...(maxUnpackedBytes !== undefined && { maxUnpackedBytes }) });
}

class ImportRun {
  readonly #options: ImportOptions;
  readonly #evidence: EvidenceIds;
  readonly #cases = new CaseCount();
  readonly #activities = new Set<string>();
  readonly #reasons: { line: number; reason: string }[] = [];
  readonly #batchSize: number;
  readonly #now: () => UnixNano;
  readonly #described = new DescribedOrders();
  #batch: StatusFact[] = [];
  #attributes: OrderAttribute[] = [];
  #onItsWay: Promise<void> = Promise.resolve();
  #durable = 0;
  events = 0;
  rejected = 0;
  readonly skipped = { lifecycle: 0, unrelated: 0 };

  constructor(options: ImportOptions, hasIds: boolean) {
    this.#options = options;
    this.#evidence = new EvidenceIds(hasIds);
    this.#batchSize = options.batchSize ?? 5000;
    this.#now = options.now ?? (() => msToNano(Date.now()));
  }

  async event(event: EventLogEvent): Promise<void> {
    this.events += 1;
    this.#cases.see(event.caseId);
    if (this.#activities.size < MAX_ACTIVITIES && !this.#activities.has(event.activity)) {
      // A copy, because the text is a part of its chunk and would keep all of it in memory.
      this.#activities.add(Buffer.from(event.activity).toString());
    }
    const fact = this.#fact(event);
    this.#batch.push(fact);
    for (const [name, value] of this.#described.news(event, this.#options.orderAttributes ?? [])) {
      const { order, occurredAt, traceId } = fact;
      this.#attributes.push({ order, name, value, occurredAt, traceId });
    }
    if (this.#batch.length >= this.#batchSize) await this.#send();
  }

  async reject(row: RejectedRow): Promise<void> {
    this.rejected += 1;
    if (this.#reasons.length < (this.#options.maxReasons ?? 20))
      this.#reasons.push({ line: row.line, reason: row.reason });
    await this.#options.rejected?.(row);
  }

  /** Resolves when everything is durable. */
  async flush(): Promise<void> {
    if (this.#batch.length > 0) await this.#send();
    await this.#onItsWay;
  }

  /** Resolves when nothing is on its way any more, durable or not. */
  async settle(): Promise<void> {
    await this.#onItsWay.catch(() => {});
  }

  summary(format: ImportFormat, ambiguousLocalTimes: number): ImportSummary {
    return {
      format,
      events: this.events,
      facts: this.#durable,
      cases: this.#cases.size,
      activities: this.#activities.size,
      rejected: this.rejected,
      reasons: this.#reasons,
      skipped: this.skipped,
      ambiguousLocalTimes,
    };
  }

  #fact(event: EventLogEvent): StatusFact {
    const { source: ownSource, alias } = this.#options;
    const source = event.source ?? ownSource;
    const order: OrderReference =
      alias === undefined
        ? { kind: 'order', orderId: event.caseId }
        : { kind: 'alias', alias: { name: alias, value: event.caseId } };
    const traceId = matching(event, 'trace_id', TRACE_ID);
    return {
      order,
      status: event.activity,
      occurredAt: event.occurredAt,
      observedAt: this.#now(),
      source,
      evidenceKind: 'import',
      evidenceId: this.#evidence.of(event, source),
      sequence: event.ordinal,
      traceId,
      spanId: traceId === null ? null : matching(event, 'span_id', SPAN_ID),
    };
  }

  /** Waits for the batch before, then lets this one go. */
  async #send(): Promise<void> {
    await this.#onItsWay;
    const facts = this.#batch;
    const attributes = this.#attributes;
    this.#batch = [];
    this.#attributes = [];
    this.#onItsWay = this.#consume(facts, attributes);
    // A failure is seen by the next `await`; until then it must not count as unhandled.
    this.#onItsWay.catch(() => {});
  }

  async #consume(facts: readonly StatusFact[], attributes: readonly OrderAttribute[]): Promise<void> {
    const { next, signal, maxRetryMs = 600_000 } = this.#options;
    let waited = 0;
    for (let pause = 100; ; pause = Math.min(pause * 2, 5000)) {
      try {
        // Ownership passes with the call, so that a repeated one needs facts of its own.
        await next.consume({ kind: 'facts', facts: [...facts], attributes: [...attributes] });
        this.#durable += facts.length;
        return;
      } catch (cause) {
        if (!(cause instanceof WaybillError && cause.retryable) || waited >= maxRetryMs) throw cause;
      }
      await sleep(pause, undefined, signal === undefined ? {} : { signal });
      waited += pause;
    }
  }
}

function matching({ attributes }: EventLogEvent, name: string, form: RegExp): string | null {
  const value = attributes.find(([key]) => key === name)?.[2];
  return value !== undefined && form.test(value) ? value : null;
}
