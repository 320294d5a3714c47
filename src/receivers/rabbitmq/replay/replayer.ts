import { WaybillError } from '../../../model/errors.ts';
import type { DeadLetter } from '../../../model/message.ts';
import type { UnixNano } from '../../../model/units.ts';
import { type LetterReader, readLetter } from '../broker/read-letter.ts';
import type { RabbitmqBrokerConfig } from '../config.ts';
import { credentials } from '../trace-queue.ts';
import { ReplaySession, SessionError, type TakenMessage } from './session.ts';

/** Messages of a dead-letter queue that are looked at for one replay; what is behind them must wait until they are gone. */
export const MAX_LOOKED_AT = 1000;
/** A whole replay may take this long; the broker has everything back then. */
const WITHIN_MS = 15_000;

/** Which dead letter is meant. */
export interface ReplayTarget {
  /** The dead-letter queue: a classic one. */
  readonly queue: string;
  /** See `messageKeyOf`. */
  readonly messageKey: string;
  /** First death, in whole seconds by the broker's clock; tells equal messages apart. */
  readonly firstAt: UnixNano | null;
}

/** What was put back. */
export interface Replayed {
  /** As it left the dead-letter queue: resolved as `replayed`. */
  readonly letter: DeadLetter;
  /** Messages that were looked at, this one among them. */
  readonly lookedAt: number;
}

/** What a replayer is made of. */
export interface ReplayerParts extends Omit<LetterReader, 'vhost' | 'needsBody'> {
  readonly config: RabbitmqBrokerConfig;
}

/** The user by which replays are done at a broker; undefined where they are switched off. What it does tells nothing of the company's work. */
export function replayUser({ url, replay }: Pick<RabbitmqBrokerConfig, 'url' | 'replay'>): string | undefined {
  return replay.enabled ? credentials({ url: replay.url ?? url }).username : undefined;
}

/**
 * Puts dead letters of one virtual host back into the queue where they died, one at a time.
 *
 * The message is published to that queue alone and acknowledged in the dead-letter queue only after the broker has confirmed it: what goes
 * wrong between the two leaves two of it, never none. It goes back byte for byte, its deaths with it. The messages before it are handed out
 * to this session and are back in their places when it ends; `redelivered` is set on them.
 */
export class Replayer {
  readonly #parts: ReplayerParts;
  #isBusy = false;

  constructor(parts: ReplayerParts) {
    this.#parts = parts;
  }

  /**
   * Throws `not_found` where the message is not in the queue, or not among its first 1,000; `conflict` where the broker does not take it
   * back; `overloaded` where another replay runs, or the broker does not answer.
   */
  async replay(target: ReplayTarget): Promise<Replayed> {
    if (this.#isBusy) {
      throw new WaybillError('overloaded', 'another dead letter of this virtual host is being put back', {
        remedy: 'try again in some seconds',
      });
    }
    this.#isBusy = true;
    try {
      return await this.#run(target);
    } catch (error) {
      throw error instanceof WaybillError ? error : this.#explain(error, target.queue);
    } finally {
      this.#isBusy = false;
    }
  }

  async #run(target: ReplayTarget): Promise<Replayed> {
    const { config } = this.#parts;
    const account = credentials({ url: config.replay.url ?? config.url });
    const signal = AbortSignal.timeout(WITHIN_MS);
    const session = await ReplaySession.open({ ...account, vhost: config.vhost }, signal);
    try {
      const { message, letter, lookedAt } = await this.#find(session, target);
      refuseCopies(message);
      const outcome = await session.publishTo(letter.originQueue, message);
      if (outcome !== 'confirmed') throw notTaken(outcome, letter.originQueue);
      await session.acknowledgeAndClose(message.tag).catch((cause: unknown) => {
        throw new WaybillError('internal', `the message is back in ${letter.originQueue}, and may still be dead, too`, {
          remedy: `look into ${target.queue} before you put it back again: the connection ended in between`,
          cause,
        });
      });
      return { letter: { ...letter, observedAt: this.#parts.now(), resolution: 'replayed' }, lookedAt };
    } finally {
      await session.end();
    }
  }

  async #find(session: ReplaySession, { queue, messageKey, firstAt }: ReplayTarget) {
    const { config, salt, now } = this.#parts;
    const reader: LetterReader = { vhost: config.vhost, salt, now, needsBody: () => false };
    for (let lookedAt = 1; lookedAt <= MAX_LOOKED_AT; lookedAt += 1) {
      const message = await session.get(queue);
      if (message === undefined) {
        throw new WaybillError('not_found', `the message is not in ${queue} any more`, {
          remedy: 'somebody took it, it expired, or a consumer has it and has not acknowledged it',
        });
      }
      const { header, body, exchange, routingKey } = message;
      const letter = readLetter({ ...header, body, exchange, routingKey }, queue, reader);
      if (letter?.messageKey === messageKey && letter.firstAt === firstAt) return { message, letter, lookedAt };
    }
    throw new WaybillError('not_found', `the message is not among the first ${MAX_LOOKED_AT} of ${queue}`, {
      remedy: 'put back or remove those before it first',
    });
  }

  #explain(error: unknown, queue: string): WaybillError {
    const { vhost } = this.#parts.config;
    const code = error instanceof SessionError ? error.code : 'UNKNOWN';
    if (code === 'ACCESS_REFUSED') {
      const rights = `rabbitmqctl set_permissions -p ${vhost} USER '' '^amq\\.default$' '^QUEUES$'`;
      return new WaybillError('conflict', `the broker refused the user of replays, or does not let it read ${queue}`, {
        remedy: `check user and password of replay.url, and its permissions: ${rights}`,
        cause: error,
      });
    }
    if (code === 'NOT_ALLOWED') {
      const message = `the virtual host ${vhost} does not exist, or the user of replays may not enter it`;
      return new WaybillError('conflict', message, { remedy: 'give the user permissions there', cause: error });
    }
    if (code === 'NOT_FOUND') {
      return new WaybillError('not_found', `the queue ${queue} does not exist any more`, {
        remedy: 'nothing can be put back from it',
        cause: error,
      });
    }
    if (code === 'PRECONDITION_FAILED') {
      return new WaybillError('conflict', 'the broker does not take the message from the user of replays', {
        remedy: 'where the message names its user (user_id), give the user of replays the tag `impersonator`',
        cause: error,
      });
    }
    return new WaybillError('overloaded', `the broker ended the replay (${code}); the message is where it was`, {
      remedy: 'check that the broker runs, and try again',
      cause: error,
    });
  }
}

/** A message with CC or BCC goes to more queues than the one that it is published to. */
function refuseCopies({ header }: TakenMessage): void {
  const { headers = {} } = header;
  if (headers['CC'] === undefined && headers['BCC'] === undefined) return;
  throw new WaybillError('conflict', 'the message carries a header CC or BCC: it would go to other queues again, too', {
    remedy: 'put it back by hand, without that header',
  });
}

function notTaken(outcome: 'unroutable' | 'refused', origin: string): WaybillError {
  return outcome === 'unroutable'
    ? new WaybillError('conflict', `the queue ${origin}, where the message died, does not exist any more`, {
        remedy: 'declare it again, or move the message by hand',
      })
    : new WaybillError('conflict', `the queue ${origin} does not take the message; it may be full`, {
        remedy: 'make room in it, and try again',
      });
}
