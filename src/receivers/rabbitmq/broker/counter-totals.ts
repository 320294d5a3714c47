import type { DeathReason } from '../../../model/message.ts';
import type { NodeCounters } from '../../../wire/amqp/broker-metrics.ts';

/** Sums of counters over all nodes, since we began to look. */
export interface Totals {
  readonly deadLettered: ReadonlyMap<DeathReason, number>;
  readonly discarded: ReadonlyMap<DeathReason, number>;
  readonly unroutable: number;
}

/** Adds up what nodes count since their start: a node that started again counts from zero, and nothing is lost of what it had counted. */
export class CounterTotals {
  readonly #sums = new Map<string, number>();
  readonly #last = new Map<string, number>();

  /** Takes one reading of every node, always in the same order. */
  take(nodes: readonly NodeCounters[]): void {
    for (const [node, { deadLettered, discarded, unroutable }] of nodes.entries()) {
      for (const [reason, count] of deadLettered) this.#add(node, `dead ${reason}`, count);
      for (const [reason, count] of discarded) this.#add(node, `gone ${reason}`, count);
      this.#add(node, 'unroutable', unroutable);
    }
  }

  totals(): Totals {
    return {
      deadLettered: this.#byReason('dead '),
      discarded: this.#byReason('gone '),
      unroutable: this.#sums.get('unroutable') ?? 0,
    };
  }

  #add(node: number, what: string, count: number): void {
    const key = `${node} ${what}`;
    const last = this.#last.get(key);
    this.#last.set(key, count);
    // What a node had counted before we came is not ours to report.
    const more = last === undefined ? 0 : count >= last ? count - last : count;
    this.#sums.set(what, (this.#sums.get(what) ?? 0) + more);
  }

  #byReason(prefix: string): Map<DeathReason, number> {
    const found = new Map<DeathReason, number>();
    for (const reason of ['rejected', 'expired', 'maxlen', 'delivery_limit'] as const) {
      const sum = this.#sums.get(prefix + reason);
      if (sum !== undefined) found.set(reason, sum);
    }
    return found;
  }
}
