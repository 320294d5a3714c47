import { type FileHandle, open } from 'node:fs/promises';
import { WaybillError } from '../../model/errors.ts';
import type { Segment, SegmentSource } from '../../model/segment.ts';
import type { JournalConfig } from './config.ts';
import type { JournalRecord } from './record.ts';
import { SegmentDirectory, type SegmentFile } from './segment-directory.ts';
import { StoredResources } from './stored-resources.ts';

/** Counters and gauges of the journal. */
export interface JournalStats {
  /** Segments that are not in the store yet, the open one included. */
  readonly segments: number;
  readonly bytes: number;
  readonly limitBytes: number;
  /** Age of the oldest segment in milliseconds; 0 when there is none. */
  readonly lagMs: number;
  readonly refusedBatches: number;
  readonly tornBytes: number;
  readonly refusedSegments: number;
}

const NO_RESOURCES: ReadonlySet<bigint> = new Set();

interface Waiting {
  readonly record: JournalRecord;
  readonly resolve: () => void;
  readonly reject: (error: WaybillError) => void;
}

interface OpenSegment {
  readonly id: number;
  readonly file: FileHandle;
  readonly openedAt: number;
  /** Resources that its records have rows of. */
  readonly resourceIds: Set<bigint>;
  bytes: number;
  rows: number;
  /** Whether it has reached the age at which it is sealed as soon as the loader is free. */
  isDue: boolean;
}

interface SealedSegment extends SegmentFile {
  readonly sealedAt: number;
  readonly resourceIds: ReadonlySet<bigint>;
}

/**
 * The write-ahead journal: a batch is acknowledged when its record is fsynced in a segment file (group commit), and a segment is
 * deleted when the loader has brought it into the store.
 *
 * A segment is sealed when it is old enough, but while the loader is busy with one before it, the open one grows up to its size: the
 * store takes few large inserts at a fraction of the cost of many small ones, and waiting costs no freshness then.
 *
 * Every record that was acknowledged survives `kill -9` and power loss. When the directory holds `maxBytes`, or the disk is full,
 * `append` rejects with a retryable error and nothing is dropped.
 */
export class Journal implements SegmentSource {
  /** What need not be written again. */
  readonly storedResources = new StoredResources();
  readonly #config: JournalConfig;
  readonly #directory: SegmentDirectory;
  readonly #now: () => number;
  #queue: Waiting[] = [];
  #queuedBytes = 0;
  #open: OpenSegment | undefined;
  #sealed: SealedSegment[] = [];
  #sealedBytes = 0;
  #flushing: Promise<void> | undefined;
  #sealTimer: NodeJS.Timeout | undefined;
  #wakeLoader: (() => void) | undefined;
  #closing = false;
  #refusedBatches = 0;
  #tornBytes = 0;
  #refusedSegments = 0;

  constructor(options: { directory: string; config: JournalConfig; now?: () => number }) {
    this.#config = options.config;
    this.#directory = new SegmentDirectory(options.directory);
    this.#now = options.now ?? Date.now;
  }

  /**
   * Recovers what an earlier process left.
   *
   * @param afterId new segments get ids above it; whoever keeps its place by segment id must not have seen them
   */
  async start(afterId = 0): Promise<void> {
    const recovery = await this.#directory.recover(afterId, this.#now());
    this.#tornBytes = recovery.tornBytes;
    this.#sealed = recovery.segments.map((segment) => ({
      ...segment,
      sealedAt: this.#now(),
      resourceIds: NO_RESOURCES,
    }));
    this.#sealedBytes = recovery.segments.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Resolves when the record is durable. Rejects with journal_full, overloaded, disk_full or shutting_down: all retryable. */
  append(record: JournalRecord): Promise<void> {
    const refusal = this.#refusalOf(record);
    if (refusal !== undefined) {
      this.#refusedBatches += 1;
      return Promise.reject(refusal);
    }
    this.#queuedBytes += record.bytes.length;
    const durable = new Promise<void>((resolve, reject) => {
      this.#queue.push({ record, resolve, reject });
    });
    this.#flushing ??= this.#flushAll();
    return durable;
  }

  /** Seals what is open and refuses further batches; `next` then drains to undefined. */
  async stop(): Promise<void> {
    this.#closing = true;
    await this.#flushing;
    await this.#seal();
    this.#wakeLoader?.();
  }

  async next(): Promise<Segment | undefined> {
    for (;;) {
      const oldest = this.#sealed[0];
      if (oldest !== undefined) return { id: oldest.id, tables: (await this.#directory.read(oldest.id)).tables };
      if (this.#closing) return undefined;
      await new Promise<void>((resolve) => {
        this.#wakeLoader = resolve;
      });
    }
  }

  async done(id: number): Promise<void> {
    await this.#directory.remove(id);
    const segment = this.#forget(id);
    this.storedResources.add(segment?.resourceIds ?? []);
  }

  /** Keeps a segment that the store refuses for good under `refused/`, so that its rows are not lost and the next one can go on. */
  async quarantine(id: number): Promise<void> {
    await this.#directory.setAside(id);
    this.#refusedSegments += 1;
    this.#forget(id);
  }

  stats(): JournalStats {
    const oldest = this.#sealed[0]?.sealedAt ?? this.#open?.openedAt;
    return {
      segments: this.#sealed.length + (this.#open === undefined ? 0 : 1),
      bytes: this.#bytesOnDisk,
      limitBytes: this.#config.maxBytes,
      lagMs: oldest === undefined ? 0 : Math.max(0, this.#now() - oldest),
      refusedBatches: this.#refusedBatches,
      tornBytes: this.#tornBytes,
      refusedSegments: this.#refusedSegments,
    };
  }

  get #bytesOnDisk(): number {
    return this.#sealedBytes + (this.#open?.bytes ?? 0);
  }

  #refusalOf(record: JournalRecord): WaybillError | undefined {
    if (this.#closing) return new WaybillError('shutting_down', 'Waybill is stopping', { remedy: 'send again' });
    if (this.#bytesOnDisk + this.#queuedBytes + record.bytes.length > this.#config.maxBytes) {
      return new WaybillError('journal_full', 'the journal is full because the store is behind', {
        remedy: 'send again later; see the store on the System page, or raise journal.maxBytes',
      });
    }
    if (this.#queuedBytes + record.bytes.length > this.#config.maxQueuedBytes) {
      return new WaybillError('overloaded', 'too many batches wait for the disk', { remedy: 'send again later' });
    }
    return undefined;
  }

  #forget(id: number): SealedSegment | undefined {
    const index = this.#sealed.findIndex((segment) => segment.id === id);
    const [segment] = index < 0 ? [] : this.#sealed.splice(index, 1);
    this.#sealedBytes -= segment?.bytes ?? 0;
    void this.#sealWhenRipe();
    return segment;
  }

  /** Writes and fsyncs whatever is queued, one group after another, until nothing is. */
  async #flushAll(): Promise<void> {
    // One turn of the event loop gathers the batches that arrived together into one fsync.
    await new Promise(setImmediate);
    while (this.#queue.length > 0) {
      const group = this.#queue;
      this.#queue = [];
      try {
        await this.#writeGroup(group);
        for (const waiting of group) waiting.resolve();
      } catch (error) {
        const refusal = toRefusal(error);
        this.#refusedBatches += group.length;
        for (const waiting of group) waiting.reject(refusal);
      } finally {
        for (const { record } of group) this.#queuedBytes -= record.bytes.length;
      }
    }
    this.#flushing = undefined;
  }

  async #writeGroup(group: readonly Waiting[]): Promise<void> {
    const segment = this.#open ?? (await this.#openSegment());
    const bytes = group.reduce((sum, { record }) => sum + record.bytes.length, 0);
    try {
      await writeFully(
        segment.file,
        group.map(({ record }) => record.bytes),
        segment.bytes,
      );
      await segment.file.datasync();
    } catch (error) {
      await this.#abandonTail(segment);
      throw error;
    }
    segment.bytes += bytes;
    for (const { record } of group) {
      segment.rows += record.rows;
      for (const id of record.resourceIds) segment.resourceIds.add(id);
    }
    if (this.#isRipe(segment)) await this.#seal();
  }

  #isRipe(segment: OpenSegment): boolean {
    if (segment.bytes >= this.#config.segmentBytes || segment.rows >= this.#config.segmentRows) return true;
    // The age counts here too: under steady load the timer never finds the journal idle.
    const isDue = segment.isDue || this.#now() - segment.openedAt >= this.#config.segmentAgeMs;
    return isDue && this.#sealed.length === 0;
  }

  async #openSegment(): Promise<OpenSegment> {
    const id = await this.#directory.takeId();
    const file = await open(this.#directory.fileOf(id), 'wx', 0o600);
    await this.#directory.sync();
    const segment = {
      id,
      file,
      openedAt: this.#now(),
      resourceIds: new Set<bigint>(),
      bytes: 0,
      rows: 0,
      isDue: false,
    };
    this.#open = segment;
    this.#sealTimer = setTimeout(() => {
      segment.isDue = true;
      void this.#sealWhenRipe();
    }, this.#config.segmentAgeMs);
    return segment;
  }

  /** After a failed write or fsync nothing behind the last durable record may be believed: cut it off and start a new segment. */
  async #abandonTail(segment: OpenSegment): Promise<void> {
    try {
      await segment.file.truncate(segment.bytes);
      await segment.file.datasync();
    } catch {
      // The checksums tell a torn tail from a record when the segment is read.
    }
    await this.#seal();
  }

  async #sealWhenRipe(): Promise<void> {
    while (this.#flushing !== undefined) await this.#flushing;
    if (this.#open !== undefined && this.#isRipe(this.#open)) await this.#seal();
  }

  async #seal(): Promise<void> {
    const segment = this.#open;
    if (segment === undefined) return;
    this.#open = undefined;
    clearTimeout(this.#sealTimer);
    this.#sealTimer = undefined;
    const { id, bytes, openedAt, resourceIds } = segment;
    if (bytes > 0) {
      // Before the file is closed: a journal that forgot the segment for so long would look loaded.
      this.#sealed.push({ id, bytes, sealedAt: openedAt, resourceIds });
      this.#sealedBytes += bytes;
    }
    // Its records are fsynced: a failing close changes nothing about them.
    await segment.file.close().catch(() => undefined);
    if (bytes === 0) {
      await this.#directory.remove(id);
      return;
    }
    this.#wakeLoader?.();
    this.#wakeLoader = undefined;
  }
}

/** Writes buffers at an offset, however many writes it takes; they are not copied. */
async function writeFully(file: FileHandle, buffers: readonly Uint8Array[], offset: number): Promise<void> {
  let at = offset;
  let rest = buffers.filter(({ length }) => length > 0);
  while (rest.length > 0) {
    const { bytesWritten } = await file.writev(rest, at);
    at += bytesWritten;
    rest = behind(rest, bytesWritten);
  }
}

/** What is left of buffers behind their first `bytes` bytes. */
function behind(buffers: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let left = bytes;
  const rest: Uint8Array[] = [];
  for (const buffer of buffers) {
    if (left < buffer.length) rest.push(left === 0 ? buffer : buffer.subarray(left));
    left = Math.max(0, left - buffer.length);
  }
  return rest;
}

function toRefusal(error: unknown): WaybillError {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new WaybillError('disk_full', 'the disk of the journal is full', {
      remedy: 'free space under the data directory; senders keep their data and send again',
      cause: error,
    });
  }
  return new WaybillError('store_unavailable', `the journal cannot be written (${code ?? 'unknown error'})`, {
    remedy: 'check the data directory and its disk',
    cause: error,
  });
}
