import { setTimeout as sleep } from 'node:timers/promises';
import type { AsyncMessage } from 'rabbitmq-client';
import type { Consumer } from '../../model/consumer.ts';
import { orAborted } from '../../model/or-aborted.ts';
import type { UnixNano } from '../../model/units.ts';
import { Batcher, type FinishedBatch } from './batcher.ts';
import { BrokerWatch, type Look } from './broker-watch.ts';
import { ClientNames } from './client-names.ts';
import { brokerOf, type RabbitmqBrokerConfig } from './config.ts';
import { Coverage } from './coverage.ts';
import type { DeadLetterBook } from './dead-letter-book.ts';
import { type Explanation, explainFailure } from './explain-failure.ts';
import { Guard, type PauseReason } from './guard.ts';
import { Occurrences } from './occurrences.ts';
import { QueueNames } from './queue-names.ts';
import { replayUser } from './replay/replayer.ts';
import type { BrokerReport, BrokerState, ReceiverLog } from './report.ts';
import { ArrivalClock, readSighting, type Sighting, type SightingReader } from './sighting.ts';
import { Timeliness } from './timeliness.ts';
import { TraceQueue, TraceQueueError } from './trace-queue.ts';

/** What a receiver is made of. */
export interface FirehoseParts {
  readonly config: RabbitmqBrokerConfig;
  readonly next: Consumer;
  /** Of this installation, see `messageKeyOf`. */
  readonly salt: string;
  readonly needsBody: SightingReader['needsBody'];
  /** Shared with the watch over queues, which knows where dead letters are. */
  readonly book: DeadLetterBook;
  readonly now: () => UnixNano;
  readonly log: ReceiverLog;
  /** Runs pieces of work of all receivers one after another. */
  readonly serialise: <T>(work: () => Promise<T>) => Promise<T>;
}

const TICK_MS = 1000;
/** While events come, how late they are is measured as often as this at most: what waits at the broker for less is not noticed. */
const PROBE_EVERY_MS = 50;
/** Ticks between two looks at the management plugin. */
const TICKS_PER_LOOK = 5;
const RETRY_FIRST_MS = 500;
/** Looks in a row at which the broker works and no event comes before tracing counts as off. */
const SILENT_LOOKS = 2;
/** Failures in a row that share one line of the log. */
const FAILURES_PER_LINE = 20;

const PAUSES: Readonly<Record<PauseReason, string>> = {
  memory_alarm: 'the broker has raised its memory alarm',
  disk_alarm: 'the broker has raised its disk alarm',
  blocked: 'the broker blocks publishers',
  rate: 'there are more events than guard.maxRate allows',
  lag: 'events wait longer than guard.maxLagMs allows',
};

/** Where a delivery came from and what acknowledges it. */
interface Token {
  readonly queue: TraceQueue;
  readonly tag: number;
}

/**
 * Takes the firehose of one virtual host: connects, again and again, consumes the tracer's queue, and hands sightings on. Events are
 * acknowledged when they are durable.
 */
export class FirehoseReceiver {
  readonly #parts: FirehoseParts;
  readonly #clock = new ArrivalClock();
  readonly #timeliness: Timeliness;
  readonly #coverage = new Coverage();
  readonly #guard: Guard;
  readonly #watch: BrokerWatch;
  readonly #names: ClientNames;
  readonly #queueNames: QueueNames;
  readonly #occurrences: Occurrences;
  readonly #batcher: Batcher<Token>;
  readonly #abort = new AbortController();
  #running: Promise<void> | undefined;
  #queue: TraceQueue | undefined;
  #state: BrokerState = 'connecting';
  #since: UnixNano;
  #trouble: Explanation | undefined;
  #failures = 0;
  #blocked = false;
  #tracing: BrokerReport['tracing'] = 'unknown';
  #silentLooks = 0;
  #tick = 0;
  #isLooking = false;
  #look: Look = { alarm: undefined, activity: undefined, tracing: undefined, switchedOn: false };
  #backlog = 0;
  #lagMs = 0;
  #rate = 0;
  #probedAt = Number.NEGATIVE_INFINITY;
  #atLastTick = { events: 0, at: 0 };
  #eventsAtLook = 0;
  #sessions = 0;
  #followedSince: UnixNano;
  readonly #counts = { published: 0, delivered: 0, malformed: 0, repeated: 0, own: 0, dropped: 0, unreliable: 0 };

  constructor(parts: FirehoseParts) {
    const { config } = parts;
    this.#parts = parts;
    this.#since = parts.now();
    this.#followedSince = this.#since;
    this.#timeliness = new Timeliness(() => performance.now());
    this.#guard = new Guard(config.guard);
    this.#watch = new BrokerWatch(config, this.#coverage, parts.serialise);
    const { reader } = this.#watch;
    const replayedBy = replayUser(config);
    this.#names = new ClientNames(reader === undefined ? undefined : (name) => reader.client(name));
    this.#queueNames = new QueueNames(
      reader === undefined ? undefined : (queue) => reader.hasQueue(config.vhost, queue),
      () => performance.now(),
    );
    this.#occurrences = new Occurrences(this.#epoch());
    this.#batcher = new Batcher(parts.next, config, {
      broker: brokerOf(config),
      learn: (sightings) => this.#learn(sightings),
      isMissing: (queue) => this.#queueNames.isMissing(queue),
      nameOf: ({ firehose }) => this.#names.name(firehose),
      measure: () => this.#probe(),
      latenessOf: ({ receivedAt, burstMs }) => {
        const late = Math.max(burstMs, this.#timeliness.latenessOf(receivedAt));
        const latenessMs = Math.min(late, Number.MAX_SAFE_INTEGER);
        return { latenessMs, reliable: latenessMs <= config.guard.maxUncertaintyMs };
      },
      // What a replay takes and puts back is no consumer's work.
      resolutions: (sighting) => (sighting.firehose.user === replayedBy ? [] : parts.book.resolutions(sighting)),
      done: (batch) => this.#finish(batch),
    });
  }

  /** Begins; a broker that is away is tried again until `stop`. Idempotent. */
  start(): void {
    this.#timeliness.start();
    this.#running ??= this.#run();
  }

  /** Ends: what is not durable goes back to the queue of the broker. Idempotent. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#running;
    await this.#batcher.stop();
    await this.#queue?.close();
    this.#timeliness.stop();
    this.#become('stopped', undefined);
  }

  report(): BrokerReport {
    const { config } = this.#parts;
    const { host } = new URL(config.url.reveal());
    const { published, delivered, malformed, repeated, dropped, unreliable } = this.#counts;
    const isWhole = config.bind.includes('#') && config.management !== undefined;
    const coverage = isWhole ? this.#coverage.total() : null;
    const trouble = this.#trouble ?? this.#warning();
    return {
      name: config.name ?? `${host}${config.vhost === '/' ? '' : `/${config.vhost}`}`,
      broker: brokerOf(config),
      address: host,
      vhost: config.vhost,
      state: this.#state,
      since: this.#since,
      reason: trouble?.reason ?? null,
      remedy: trouble?.remedy ?? null,
      failures: this.#failures,
      tracing: this.#tracing,
      published,
      delivered,
      malformed,
      repeated,
      dropped,
      unreliable,
      estimatedLost: coverage === null ? null : Math.max(0, coverage.counted - coverage.seen - this.#backlog),
      backlog: this.#backlog,
      lagMs: this.#lagMs,
      pauses: this.#guard.pauses,
      coverage,
      queues: isWhole ? this.#coverage.queues() : [],
      followedSince: this.#followedSince,
    };
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort;
    let waitMs = RETRY_FIRST_MS;
    while (!signal.aborted) {
      try {
        await this.#session();
      } catch (error) {
        if (signal.aborted) return;
        if (this.#state === 'running' || this.#state === 'paused') waitMs = RETRY_FIRST_MS;
        this.#fail(error);
      }
      if (signal.aborted) return;
      // Many Waybills must not come back in the same moment.
      await sleep(waitMs * (0.75 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
      waitMs = Math.min(waitMs * 2, this.#parts.config.retryMaxMs);
    }
  }

  /** One connection, from its start to its loss. */
  async #session(): Promise<void> {
    const { config, log } = this.#parts;
    // Events may have been lost since the last session.
    this.#occurrences.forget(this.#epoch());
    const queue = await TraceQueue.open(
      config,
      (message, from) => this.#take(message, from),
      (blocked) => {
        this.#blocked = blocked;
      },
    );
    this.#queue = queue;
    this.#blocked = false;
    try {
      if (this.#guard.reason === undefined) await queue.bind();
      if (this.#failures > 0) log('info', 'the tracer of RabbitMQ is connected again', { broker: this.report().name });
      this.#failures = 0;
      this.#become(this.#guard.reason === undefined ? 'running' : 'paused', undefined);
      await this.#watchOver(queue);
    } finally {
      if (!this.#abort.signal.aborted) queue.destroy();
    }
  }

  async #watchOver(queue: TraceQueue): Promise<void> {
    const ended = AbortSignal.any([this.#abort.signal, queue.lost]);
    // The first look comes at once: it is what later ones are held against, and it switches tracing on.
    this.#tick = 0;
    try {
      for (;;) {
        await orAborted(this.#tickOnce(queue), ended);
        await orAborted(sleep(TICK_MS), ended);
      }
    } catch (error) {
      if (!this.#abort.signal.aborted) throw error;
    }
  }

  async #tickOnce(queue: TraceQueue): Promise<void> {
    const now = performance.now();
    const events = this.#events();
    if (now - this.#atLastTick.at < 10 * TICK_MS && now > this.#atLastTick.at) {
      this.#rate = ((events - this.#atLastTick.events) * 1000) / (now - this.#atLastTick.at);
    }
    this.#atLastTick = { events, at: now };
    // On its own: a slow plugin must not delay the guard.
    if (this.#tick % TICKS_PER_LOOK === 0) {
      void this.#lookAround(now);
    }
    this.#tick += 1;
    await this.#probe();
    const isPaused = this.#guard.reason !== undefined;
    const decision = this.#guard.decide({
      now,
      rate: isPaused ? undefined : this.#rate,
      expectedRate: isPaused ? this.#look.activity : undefined,
      lagMs: this.#lagMs,
      alarm: this.#blocked ? 'blocked' : this.#look.alarm,
    });
    if (decision.kind === 'pause') await this.#pause(queue, decision.reason);
    if (decision.kind === 'resume') await this.#resume(queue);
  }

  async #pause(queue: TraceQueue, reason: PauseReason): Promise<void> {
    const remedy = 'nothing: it goes on by itself; the limits are under guard in the configuration of this broker';
    this.#become('paused', { reason: PAUSES[reason], remedy });
    await queue.unbind();
    this.#parts.log('warn', `the tracer of RabbitMQ pauses: ${PAUSES[reason]}`, { broker: this.report().name });
  }

  async #resume(queue: TraceQueue): Promise<void> {
    this.#occurrences.forget(this.#epoch());
    await queue.bind();
    this.#become('running', undefined);
    this.#parts.log('info', 'the tracer of RabbitMQ goes on', { broker: this.report().name });
  }

  async #lookAround(now: number): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    // It never rejects.
    const look = await this.#watch.look(now);
    this.#isLooking = false;
    this.#look = look;
    if (look.switchedOn) this.#parts.log('info', 'tracing was off and is on now', { vhost: this.#parts.config.vhost });
    const events = this.#events();
    const hasEvents = events > this.#eventsAtLook;
    this.#eventsAtLook = events;
    if (hasEvents) this.#silentLooks = 0;
    else if ((look.activity ?? 0) > 0 && this.#state === 'running') this.#silentLooks += 1;
    const wasOff = this.#tracing === 'off';
    if (look.tracing !== undefined) this.#tracing = look.tracing;
    else if (hasEvents) this.#tracing = 'on';
    else if (this.#silentLooks >= SILENT_LOOKS) this.#tracing = 'off';
    if (this.#tracing === 'off' && !wasOff) {
      this.#parts.log('warn', `tracing is off: ${this.#warning()?.remedy ?? ''}`, { vhost: this.#parts.config.vhost });
    }
  }

  /** What is not as it should be while events could come. */
  #warning(): Explanation | undefined {
    if (this.#state !== 'running') return undefined;
    const { vhost } = this.#parts.config;
    if (this.#tracing === 'off') {
      return {
        reason: `tracing is off in the virtual host ${vhost}: messages move and no event comes`,
        remedy: `run on every node: rabbitmqctl trace_on -p ${vhost}; or configure admin for this broker`,
      };
    }
    if (this.#tracing === 'unknown' && this.#events() === 0) {
      return {
        reason: 'no event has come yet: no message moves, or tracing is off',
        remedy: `if messages move, run on every node: rabbitmqctl trace_on -p ${vhost}`,
      };
    }
    if (this.#watch.failures < 3) return undefined;
    return {
      reason: 'the management plugin does not answer or refuses: alarms, names of clients and coverage are not known',
      remedy: 'check management of this broker; its user needs the tag `monitoring`',
    };
  }

  #take(message: AsyncMessage, queue: TraceQueue): void {
    const { needsBody, salt } = this.#parts;
    const delivery = {
      routingKey: message.routingKey,
      headers: message.headers,
      body: message.body as unknown,
      redelivered: message.redelivered,
    };
    const sighting = readSighting(delivery, this.#clock.arrival(), { salt, needsBody, occurrences: this.#occurrences });
    if (performance.now() - this.#probedAt > PROBE_EVERY_MS) void this.#probe();
    const token: Token = { queue, tag: message.deliveryTag };
    if (typeof sighting === 'string') {
      this.#counts[sighting] += 1;
      this.#batcher.skip(token);
      return;
    }
    const isPublish = sighting.firehose.kind === 'publish';
    this.#counts[isPublish ? 'published' : 'delivered'] += 1;
    for (const each of sighting.firehose.queues ?? []) {
      this.#coverage.see(each);
      if (!isPublish) this.#queueNames.see(each);
    }
    this.#batcher.add(sighting, token);
  }

  #finish({ last, unreliable, dropped }: FinishedBatch<Token>): void {
    this.#counts.unreliable += unreliable;
    this.#counts.dropped += dropped;
    last.queue.acknowledge(last.tag);
  }

  async #learn(sightings: readonly Sighting[]): Promise<void> {
    const byDefault = sightings.filter(({ firehose }) => firehose.kind === 'publish' && firehose.exchange === '');
    await Promise.all([
      this.#names.learn(sightings.map(({ firehose }) => firehose)),
      this.#queueNames.learn(byDefault.flatMap(({ firehose }) => firehose.queues ?? [])),
    ]);
  }

  /** Measures how late events are; a broker that does not answer is late. */
  async #probe(): Promise<void> {
    const from = performance.now();
    this.#probedAt = from;
    try {
      const probe = await this.#queue?.probe();
      if (probe === undefined) return;
      this.#backlog = probe.backlog;
      // What waits comes at least as fast as now; a queue that is drained empties at some thousand a second.
      this.#lagMs = probe.roundTripMs + (probe.backlog * 1000) / Math.max(this.#rate, 1000);
    } catch {
      this.#lagMs = Number.MAX_SAFE_INTEGER;
    }
    this.#timeliness.measured(from, performance.now(), this.#lagMs);
    this.#clock.adjust();
  }

  #fail(error: unknown): void {
    const { config, log } = this.#parts;
    const step = error instanceof TraceQueueError ? error.step : 'run';
    const explanation = explainFailure(error instanceof TraceQueueError ? error.cause : error, step, config);
    this.#failures += 1;
    this.#tracing = 'unknown';
    this.#backlog = 0;
    this.#lagMs = 0;
    this.#become('failed', explanation);
    // The first and then every twentieth: a broker that is away for hours is one incident.
    if (this.#failures % FAILURES_PER_LINE === 1) {
      const { name } = this.report();
      log('warn', `the tracer of RabbitMQ is not connected: ${explanation.reason}; ${explanation.remedy}`, {
        broker: name,
        failures: this.#failures,
      });
    }
  }

  #become(state: BrokerState, trouble: Explanation | undefined): void {
    if (state !== this.#state) this.#since = this.#parts.now();
    this.#state = state;
    this.#trouble = trouble;
  }

  #events(): number {
    const { published, delivered, repeated, own } = this.#counts;
    return published + delivered + repeated + own;
  }

  #epoch(): string {
    this.#sessions += 1;
    this.#followedSince = this.#parts.now();
    return `${this.#parts.now()}.${this.#sessions}`;
  }
}
