import type { UnixNano } from '../model/units.ts';
import type { StoreClient } from './client.ts';
import { toDateTime64 } from './time.ts';

/** An action of a person, written down before it is done. */
export interface AuditedAction {
  /** A random name of the action. */
  readonly actionId: string;
  readonly action: 'dead_letter.replay';
  readonly who: string;
  /** Id of the dead letter. */
  readonly subject: string;
  readonly broker: string;
  readonly vhost: string;
  readonly queue: string;
  readonly originQueue: string;
  /** Null where the message belongs to none. */
  readonly orderId: string | null;
}

/** How it ended: `done`, or the code of an error with its message. */
export interface AuditOutcome {
  readonly outcome: string;
  readonly detail: string;
}

/** Writes down what people do. Each row is durable when the promise resolves; errors are those of the store. */
export class AuditLog {
  readonly #store: StoreClient;
  readonly #now: () => UnixNano;

  constructor(store: StoreClient, now: () => UnixNano) {
    this.#store = store;
    this.#now = now;
  }

  /** MUST be resolved before the action is done. */
  intend(action: AuditedAction): Promise<void> {
    return this.#write(action, 'intent', { outcome: '', detail: '' });
  }

  conclude(action: AuditedAction, outcome: AuditOutcome): Promise<void> {
    return this.#write(action, 'outcome', outcome);
  }

  #write(action: AuditedAction, stage: 'intent' | 'outcome', { outcome, detail }: AuditOutcome): Promise<void> {
    return this.#store.insertRows('audit', [
      {
        action_id: action.actionId,
        stage,
        at: toDateTime64(this.#now()),
        action: action.action,
        who: action.who,
        subject: action.subject,
        broker: action.broker,
        vhost: action.vhost,
        queue: action.queue,
        origin_queue: action.originQueue,
        order_id: action.orderId ?? '',
        outcome,
        detail,
      },
    ]);
  }
}
