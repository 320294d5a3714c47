import type { QueueSample } from '../../../model/queue.ts';
import type { UnixNano } from '../../../model/units.ts';

/** A queue without changes is written this often, so that silence is told from sameness. */
const HEARTBEAT: UnixNano = 300_000_000_000n;
/** Dead-letter queues more often: found empty, they resolve what was in them. */
const DEAD_LETTER_HEARTBEAT: UnixNano = 60_000_000_000n;

/** Lets through what changed since it was written last, and everything else now and then. */
export class ChangedSamples {
  #written = new Map<string, { fingerprint: string; at: UnixNano }>();

  /**
   * The samples of one look that are worth writing; queues that were written and are not among the names of this virtual host any more
   * are told as gone.
   */
  select(samples: readonly QueueSample[], names: ReadonlySet<string>, at: UnixNano): QueueSample[] {
    const next = new Map<string, { fingerprint: string; at: UnixNano }>();
    const selected: QueueSample[] = [];
    for (const sample of samples) {
      const name = nameOf(sample);
      const fingerprint = fingerprintOf(sample);
      const known = this.#written.get(name);
      if (known !== undefined && known.fingerprint === fingerprint && at - known.at < heartbeatOf(sample)) {
        next.set(name, known);
        continue;
      }
      next.set(name, { fingerprint, at });
      selected.push(sample);
    }
    for (const [name, known] of this.#written) {
      if (next.has(name)) continue;
      if (names.has(queueOf(name))) next.set(name, known);
      else selected.push(goneSample(name, at));
    }
    this.#written = next;
    return selected;
  }

  /** Forgets what was written: the next look writes everything. */
  forget(): void {
    this.#written = new Map([...this.#written.keys()].map((name) => [name, { fingerprint: '', at: 0n }]));
  }
}

function nameOf({ vhost, queue }: QueueSample): string {
  return `${vhost}\n${queue}`;
}

function queueOf(name: string): string {
  return name.slice(name.indexOf('\n') + 1);
}

function fingerprintOf({ type, ready, unacked, consumers, rates, details }: QueueSample): string {
  return JSON.stringify([type, ready, unacked, consumers, rates, details]);
}

function goneSample(name: string, sampledAt: UnixNano): QueueSample {
  return {
    vhost: name.slice(0, name.indexOf('\n')),
    queue: queueOf(name),
    sampledAt,
    type: '',
    ready: 0,
    unacked: 0,
    consumers: 0,
    rates: null,
    details: null,
    gone: true,
  };
}

function heartbeatOf({ details }: QueueSample): UnixNano {
  return details === null || details.deadLetterOf.length === 0 ? HEARTBEAT : DEAD_LETTER_HEARTBEAT;
}
