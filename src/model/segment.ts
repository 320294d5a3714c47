/** Rows of one table, already in ClickHouse's Native format: one or more blocks, each complete in itself. */
export interface TableBlocks {
  readonly table: string;
  readonly rows: number;
  readonly blocks: readonly Uint8Array[];
}

/** A journal segment that the loader has to bring into the store. */
export interface Segment {
  /** Rises by one per segment and never repeats in a data directory; names the deduplication token. */
  readonly id: number;
  readonly tables: readonly TableBlocks[];
}

/**
 * Where the loader takes segments from, oldest first.
 *
 * - `next` waits until a segment is sealed, or resolves to undefined when the source was closed and is empty.
 * - `next` MUST return the same segment again until `done` was called for it; a crash in between repeats it.
 * - The bytes of a segment are valid until `next` is called again.
 * - `done` MAY delete the segment: its rows are durable in the store.
 * - `quarantine` sets a segment aside that the store refuses for good: it MUST keep the file, count it, and not return it from `next`
 *   again. Without it the loader repeats such a segment forever.
 */
export interface SegmentSource {
  next(): Promise<Segment | undefined>;
  done(id: number): Promise<void>;
  quarantine?(id: number, reason: string): Promise<void>;
}
