import type { KeyValueTable } from '../model/key-value-table.ts';
import type { SpanBatch } from '../model/span-batch.ts';

/** A request with so many spans goes on alone: what a batch costs is little beside what they cost. */
const MANY_SPANS = 256;
/** Spans that are joined to one batch at most; beyond it, nothing is won any more. */
const MAX_JOINED_SPANS = 2048;

interface Waiting {
  readonly spans: SpanBatch;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Joins requests of few spans to larger batches: those that arrive together, and those that arrive while the ones before them are made
 * durable.
 *
 * Nobody waits longer for it, since they would share the next fsync anyway; but each batch is a record with all columns of the store,
 * and SDKs send requests of a few spans. What is waiting is bounded by the bytes that receivers let in.
 */
export class SpanGathering {
  readonly #next: (spans: SpanBatch) => Promise<void>;
  #waiting: Waiting[] = [];
  #isWorking = false;

  /** `next` resolves when the spans are durable; what it rejects with, all whose spans were joined are told. */
  constructor(next: (spans: SpanBatch) => Promise<void>) {
    this.#next = next;
  }

  /** Whether a request has so few spans that it should be joined with others. */
  static isWorthIt(spans: SpanBatch): boolean {
    return spans.length < MANY_SPANS;
  }

  /** Resolves when the spans are durable; rejects as `next` does. */
  add(spans: SpanBatch): Promise<void> {
    const durable = new Promise<void>((resolve, reject) => {
      this.#waiting.push({ spans, resolve, reject });
    });
    if (!this.#isWorking) {
      this.#isWorking = true;
      void this.#work();
    }
    return durable;
  }

  async #work(): Promise<void> {
    // One turn of the event loop gathers what arrived together.
    await new Promise(setImmediate);
    while (this.#waiting.length > 0) {
      const waiting = this.#waiting;
      this.#waiting = [];
      await Promise.all(groupsOf(waiting).map((group) => this.#pass(group)));
    }
    this.#isWorking = false;
  }

  async #pass(group: readonly Waiting[]): Promise<void> {
    try {
      await this.#next(joined(group));
      for (const { resolve } of group) resolve();
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }
}

/** Those that can be joined: of one table, and not too many spans together. */
function groupsOf(waiting: readonly Waiting[]): Waiting[][] {
  const groups: Waiting[][] = [];
  const open = new Map<KeyValueTable, { group: Waiting[]; spans: number }>();
  for (const item of waiting) {
    const { table, length } = item.spans;
    const last = open.get(table);
    if (last !== undefined && last.spans + length <= MAX_JOINED_SPANS) {
      last.group.push(item);
      last.spans += length;
    } else {
      const group = [item];
      groups.push(group);
      open.set(table, { group, spans: length });
    }
  }
  return groups;
}

function joined([first, ...others]: readonly Waiting[]): SpanBatch {
  if (first === undefined) throw new RangeError('nothing to join');
  const { spans } = first;
  if (others.length > 0) spans.reserve(others.reduce((sum, other) => sum + other.spans.length, spans.length));
  for (const other of others) spans.append(other.spans);
  return spans;
}
