import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip as gzipCallback } from 'node:zlib';
import { GrpcSender } from './grpc-sender.ts';
import { Histogram, type Latency } from './histogram.ts';
import { HttpSender } from './http-sender.ts';
import { RunIds } from './ids.ts';
import { type Cardinality, RequestBody } from './request-body.ts';
import type { Outcome, Sender } from './sender.ts';
import { calibratedPlan, type Encoding, encodeTemplates, type Template } from './template.ts';

const gzip = promisify(gzipCallback);

/** What is sent, and to whom. */
export interface LoadOptions {
  readonly target: string;
  readonly protocol: 'http' | 'grpc';
  readonly encoding: Encoding;
  readonly gzip: boolean;
  /** Bytes of a span in protobuf, its share of the resource included, in requests of 512. */
  readonly spanBytes: number;
  readonly cardinality: Cardinality;
  /** Spans in a request: a power of two from 1 to 8192. */
  readonly batch: number;
  readonly connections: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Of the ids; 32 bits. */
  readonly seed: number;
}

/** One stretch of load. */
export interface LoadPhase {
  /** Spans a second; undefined: every connection sends its next request when the last one is answered (closed loop). */
  readonly rate: number | undefined;
  readonly seconds: number;
}

/** What became of a request: index into the answer codes below. */
export const FATE = { unsent: 0, acknowledged: 1, partly: 2, retryable: 3, refused: 4, failed: 5 } as const;

/** The result of one stretch of load. */
export interface LoadResult {
  readonly firstRequest: number;
  /** Of every request that was due, in order: a value of `FATE`. */
  readonly fates: Uint8Array;
  /** Spans rejected in requests that were taken otherwise. */
  readonly rejectedInPart: number;
  /** Seconds from the first request due to the last answer. */
  readonly seconds: number;
  readonly sentBytes: number;
  /** From when a request was due to its acknowledgement. */
  readonly latency: Latency;
  /** Milliseconds between when a request was due and when it was sent though a connection was free: the generator's own fault. */
  readonly lateness: Latency;
  /** Requests by what was answered where it was not success. */
  readonly answers: Readonly<Record<string, number>>;
}

/** How long after the end of a stretch requests that are due are still sent, in milliseconds. */
const DRAIN_MS = 10_000;
/** Most requests of one stretch. */
const MAX_REQUESTS = 50_000_000;

/**
 * Sends requests that were encoded beforehand; only ids and times are new in each. With a rate it is an open loop: every request has
 * a time at which it is due whatever became of the others, and its latency counts from then, so a stall is not hidden. Nothing is
 * sent twice.
 */
export class Load {
  readonly #options: LoadOptions;
  readonly #templates: readonly Template[];
  readonly #sender: Sender;
  readonly #ids: RunIds;
  readonly #onAcknowledged: (request: number) => void;
  /** Bodies that no sending uses, by template. */
  readonly #free: RequestBody[][];
  #nextRequest = 0;

  /** @param onAcknowledged is told the number of each request that was taken whole */
  constructor(options: LoadOptions, onAcknowledged: (request: number) => void = () => undefined) {
    this.#options = options;
    this.#onAcknowledged = onAcknowledged;
    this.#templates = encodeTemplates(calibratedPlan(options.spanBytes), options.batch, options.encoding);
    this.#free = this.#templates.map(() => []);
    this.#ids = new RunIds(options.seed);
    const { encoding, gzip: isCompressed, connections, headers } = options;
    const sender = { target: new URL(options.target), encoding, gzip: isCompressed, connections, headers };
    this.#sender = options.protocol === 'grpc' ? new GrpcSender(sender) : new HttpSender(sender);
  }

  /** A request as it goes out, before compression; what calibration works on. */
  sample(): Buffer {
    const body = this.#borrow(0);
    body.fill(0, Date.now());
    this.#giveBack(0, body);
    return Buffer.from(body.bytes);
  }

  /** Sends for a while; the numbers of requests go on from one stretch to the next. `stop` ends it early. */
  async run({ rate, seconds }: LoadPhase, stop?: AbortSignal): Promise<LoadResult> {
    const firstRequest = this.#nextRequest;
    const startedAt = performance.now();
    const intervalMs = rate === undefined ? 0 : (this.#options.batch / rate) * 1000;
    const mostRequests =
      rate === undefined ? MAX_REQUESTS : Math.min(MAX_REQUESTS, Math.ceil((seconds * 1000) / intervalMs));
    const stretch = new Stretch(startedAt, startedAt + seconds * 1000, intervalMs, mostRequests);
    const lanes = Array.from({ length: this.#options.connections }, () => this.#lane(stretch, firstRequest, stop));
    await Promise.all(lanes);
    const endedAt = performance.now();
    // Due, but never sent.
    const due = rate === undefined || stop?.aborted === true ? stretch.taken : mostRequests;
    stretch.grow(due);
    this.#nextRequest += due;
    return {
      firstRequest,
      fates: stretch.fates.slice(0, due),
      rejectedInPart: stretch.rejectedInPart,
      seconds: (endedAt - startedAt) / 1000,
      sentBytes: stretch.sentBytes,
      latency: stretch.latencies.latency(),
      lateness: stretch.lateness.latency(),
      answers: Object.fromEntries(stretch.answers),
    };
  }

  close(): void {
    this.#sender.close();
  }

  /** One connection: takes the next request that is due, waits until then, sends it. */
  async #lane(stretch: Stretch, firstRequest: number, stop: AbortSignal | undefined): Promise<void> {
    for (;;) {
      const next = stop?.aborted === true ? undefined : stretch.take();
      if (next === undefined) return;
      const waitMs = next.dueAt - performance.now();
      if (waitMs > 0) {
        await sleep(waitMs);
        stretch.lateness.add(performance.now() - next.dueAt);
      }
      const request = firstRequest + next.index;
      const outcome = await this.#send(request, stretch);
      stretch.note(next, outcome);
      if (outcome.kind === 'acknowledged' && outcome.rejectedSpans === 0) this.#onAcknowledged(request);
    }
  }

  async #send(request: number, stretch: Stretch): Promise<Outcome> {
    const template = request % this.#templates.length;
    const body = this.#borrow(template);
    body.fill(request * this.#options.batch, Date.now());
    const bytes = this.#options.gzip ? await gzip(body.bytes, { level: GZIP_LEVEL }) : body.bytes;
    stretch.sentBytes += bytes.length;
    const outcome = await this.#sender.send(bytes);
    this.#giveBack(template, body);
    return outcome;
  }

  #borrow(template: number): RequestBody {
    const free = this.#free[template]?.pop();
    if (free !== undefined) return free;
    const source = this.#templates[template];
    if (source === undefined) throw new RangeError('there is no such template');
    const { cardinality, encoding } = this.#options;
    return new RequestBody(source, { ids: this.#ids, cardinality, encoding });
  }

  #giveBack(template: number, body: RequestBody): void {
    this.#free[template]?.push(body);
  }
}

/** Level at which requests are compressed, each for itself; the receiver's work hardly depends on it, the generator's does. */
const GZIP_LEVEL = 1;

interface Due {
  readonly index: number;
  readonly dueAt: number;
}

/** What one stretch of load counts. */
class Stretch {
  readonly latencies = new Histogram();
  readonly lateness = new Histogram();
  readonly answers = new Map<string, number>();
  fates = new Uint8Array(4096);
  taken = 0;
  sentBytes = 0;
  rejectedInPart = 0;
  readonly #startedAt: number;
  readonly #endsAt: number;
  readonly #intervalMs: number;
  readonly #mostRequests: number;

  constructor(startedAt: number, endsAt: number, intervalMs: number, mostRequests: number) {
    this.#mostRequests = mostRequests;
    this.#startedAt = startedAt;
    this.#endsAt = endsAt;
    this.#intervalMs = intervalMs;
  }

  /** The next request; undefined when no more are due or it is too late for them. */
  take(): Due | undefined {
    const now = performance.now();
    const dueAt = this.#intervalMs === 0 ? now : this.#startedAt + this.taken * this.#intervalMs;
    if (this.taken >= this.#mostRequests || now > this.#endsAt + DRAIN_MS) return undefined;
    // In a closed loop nothing is left over to be sent afterwards.
    if (this.#intervalMs === 0 && now >= this.#endsAt) return undefined;
    const index = this.taken;
    this.taken += 1;
    this.grow(this.taken);
    return { index, dueAt };
  }

  note({ index, dueAt }: Due, outcome: Outcome): void {
    if (outcome.kind === 'acknowledged') {
      this.latencies.add(performance.now() - dueAt);
      this.rejectedInPart += outcome.rejectedSpans;
      this.fates[index] = outcome.rejectedSpans === 0 ? FATE.acknowledged : FATE.partly;
      return;
    }
    const answer = outcome.kind === 'rejected' ? outcome.answer : outcome.reason;
    this.answers.set(answer, (this.answers.get(answer) ?? 0) + 1);
    this.fates[index] = outcome.kind === 'failed' ? FATE.failed : outcome.isRetryable ? FATE.retryable : FATE.refused;
  }

  grow(length: number): void {
    if (length <= this.fates.length) return;
    const larger = new Uint8Array(Math.max(length, this.fates.length * 2));
    larger.set(this.fates);
    this.fates = larger;
  }
}
