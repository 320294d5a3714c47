import { WaybillError } from '../../model/errors.ts';
import type { OtlpTally } from './tally.ts';

/** Buffers are lent in powers of two from here up to there; larger bodies are rare and get memory of their own. */
const MIN_LENT_BYTES = 64 * 1024;
const MAX_LENT_BYTES = 4 * 1024 * 1024;
/** Buffers that wait to be lent again, in bytes. */
const MAX_KEPT_BYTES = 8 * 1024 * 1024;
/** Memory is lent for up to so many times what has come of a request: each byte is copied once or twice, however small its chunks are. */
const GROWTH = 2;

/** The bytes that all requests of a receiver may hold at the same time. */
export class ByteBudget {
  readonly #limit: number;
  readonly #tally: OtlpTally;
  #used = 0;
  /** By length. Reused, because memory outside the heap, left to the collector, makes V8 mark the whole heap again and again. */
  readonly #kept = new Map<number, Buffer[]>();
  #keptBytes = 0;

  constructor(limit: number, tally: OtlpTally) {
    this.#limit = limit;
    this.#tally = tally;
  }

  /** Opens the account of one request. */
  lease(): ByteLease {
    return new ByteLease(this);
  }

  /** Books `bytes`; throws the retryable `overloaded` when they do not fit. */
  take(bytes: number): void {
    if (this.#used + bytes > this.#limit) {
      throw new WaybillError('overloaded', 'the receiver holds as many bytes of requests as it may', {
        remedy: 'send again later; if it happens often, raise maxInFlightBytes or send less at a time',
      });
    }
    this.#used += bytes;
    this.#tally.addInFlight(bytes);
  }

  give(bytes: number): void {
    this.#used -= bytes;
    this.#tally.addInFlight(-bytes);
  }

  /** Lends a buffer of at least `length` bytes with anything in it; it is not booked. */
  lend(length: number): Buffer {
    if (length > MAX_LENT_BYTES) return Buffer.allocUnsafeSlow(length);
    let size = MIN_LENT_BYTES;
    while (size < length) size *= 2;
    const kept = this.#kept.get(size)?.pop();
    if (kept === undefined) return Buffer.allocUnsafeSlow(size);
    this.#keptBytes -= size;
    return kept;
  }

  /** Takes back what was lent; nobody may read it any more. */
  takeBack(buffer: Buffer): void {
    const { length } = buffer;
    if (length > MAX_LENT_BYTES || this.#keptBytes + length > MAX_KEPT_BYTES) return;
    const kept = this.#kept.get(length);
    if (kept === undefined) this.#kept.set(length, [buffer]);
    else kept.push(buffer);
    this.#keptBytes += length;
  }
}

/** What one request has booked, and its bytes; MUST be released in the end, which gives back all of it. */
export class ByteLease {
  readonly #budget: ByteBudget;
  #held = 0;
  #lent: Buffer | undefined;
  /** The first chunk stays where it is: most small requests have no other. */
  #first: Buffer | undefined;
  #length = 0;

  constructor(budget: ByteBudget) {
    this.#budget = budget;
  }

  take(bytes: number): void {
    this.#budget.take(bytes);
    this.#held += bytes;
  }

  give(bytes: number): void {
    const given = Math.min(bytes, this.#held);
    this.#held -= given;
    this.#budget.give(given);
  }

  /**
   * Books a chunk and puts it behind those before it, in memory that is lent: chunks that are kept until a request is whole
   * outlive the young heap, and what the allocator gave for them does not come back.
   *
   * @param expected how many bytes there will be, zero where nobody says; memory is lent for what has come, not for what is promised
   */
  append(chunk: Buffer, expected: number): void {
    this.take(chunk.length);
    const length = this.#length + chunk.length;
    if (this.#length === 0) {
      this.#first = chunk;
    } else {
      this.#makeRoom(length, expected).set(chunk, this.#length);
      this.#first = undefined;
    }
    this.#length = length;
  }

  /** What was appended, valid until the lease is released. */
  bytes(): Buffer {
    return this.#first ?? this.#lent?.subarray(0, this.#length) ?? Buffer.alloc(0);
  }

  /** Gives back everything; calling it again does nothing. What `bytes` returned MUST NOT be read any more. */
  release(): void {
    this.give(this.#held);
    if (this.#lent !== undefined) this.#budget.takeBack(this.#lent);
    this.#lent = undefined;
    this.#first = undefined;
    this.#length = 0;
  }

  /** Memory for `length` bytes with those that came before in it. */
  #makeRoom(length: number, expected: number): Buffer {
    const old = this.#lent;
    if (old !== undefined && old.length >= length) return old;
    const grown = GROWTH * length;
    const lent = this.#budget.lend(expected < length ? grown : Math.min(expected, grown));
    lent.set(this.bytes());
    if (old !== undefined) this.#budget.takeBack(old);
    this.#lent = lent;
    return lent;
  }
}
