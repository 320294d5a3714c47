import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';
import type { ReplayDesk, ReplayPlace } from '../api/parts.ts';
import type { Consumer } from '../model/consumer.ts';
import { WaybillError } from '../model/errors.ts';
import type { DeadLetter } from '../model/message.ts';
import type { Secret } from '../model/secret.ts';
import type { UnixNano } from '../model/units.ts';
import type { Queries } from '../query/queries.ts';
import { brokerOf, type RabbitmqBrokerConfig } from '../receivers/rabbitmq/config.ts';
import { Replayer } from '../receivers/rabbitmq/replay/replayer.ts';
import type { AuditedAction, AuditLog, AuditOutcome } from '../store/audit-log.ts';
import type { Log } from './log.ts';

/** What the desk is made of. */
export interface ReplayDeskParts {
  readonly brokers: readonly RabbitmqBrokerConfig[];
  readonly queries: Pick<Queries, 'deadLetter'>;
  readonly audit: Pick<AuditLog, 'intend' | 'conclude'>;
  /** The pipeline: takes what became of the dead letter. */
  readonly next: Consumer;
  /** See `messageKeyOf`. */
  readonly salt: string;
  readonly now: () => UnixNano;
  readonly log: Log;
}

interface Counter {
  readonly token: Secret;
  readonly replayer: Pick<Replayer, 'replay'>;
}

type KnownLetter = NonNullable<Awaited<ReturnType<Queries['deadLetter']>>>;

/** Puts dead letters back for who has the token, and writes down who did it. */
export function openReplayDesk(parts: ReplayDeskParts): ReplayDesk {
  const { brokers, salt, now } = parts;
  const counters = new Map<string, Counter>();
  const places: ReplayPlace[] = [];
  for (const config of brokers) {
    const { enabled, token } = config.replay;
    if (!enabled || token === undefined) continue;
    const place = { broker: brokerOf(config), vhost: config.vhost };
    places.push(place);
    counters.set(keyOf(place), { token, replayer: new Replayer({ config, salt, now }) });
  }
  return {
    places,
    replay: async ({ id, token, by }) => {
      const { letter, replayer } = await admit(parts, counters, id, token);
      const action: AuditedAction = {
        actionId: randomUUID(),
        action: 'dead_letter.replay',
        who: by,
        subject: id,
        broker: letter.broker,
        vhost: letter.vhost,
        queue: letter.queue,
        originQueue: letter.originQueue,
        orderId: letter.orderId,
      };
      await parts.audit.intend(action);
      try {
        const { letter: replayed, lookedAt } = await replayer.replay(letter);
        await resolve(parts, letter.broker, replayed);
        await conclude(parts, action, { outcome: 'done', detail: '' });
        const { queue, originQueue } = replayed;
        return { queue, originQueue, lookedAt, auditId: action.actionId };
      } catch (error) {
        const known = error instanceof WaybillError ? error : undefined;
        const detail = known?.message ?? 'an unexpected error';
        await conclude(parts, action, { outcome: known?.code ?? 'internal', detail });
        throw error;
      }
    },
  };
}

/** Finds the letter where the caller may put it back, and it can be. The token is looked at first: without it nothing is told. */
async function admit(
  { queries }: ReplayDeskParts,
  counters: ReadonlyMap<string, Counter>,
  id: string,
  token: string | undefined,
): Promise<{ letter: KnownLetter; replayer: Counter['replayer'] }> {
  if (counters.size === 0) {
    throw new WaybillError('forbidden', 'putting dead letters back is switched off', {
      remedy: 'set `replay.enabled` and `replay.token` of the broker; docs/rabbitmq.md says what its user needs',
    });
  }
  if (![...counters.values()].some((counter) => isToken(token, counter.token))) throw wrongToken();
  const letter = await queries.deadLetter(id);
  if (letter === undefined) {
    throw new WaybillError('not_found', 'no dead letter of this id is known', { remedy: 'see GET /api/dead-letters' });
  }
  const counter = counters.get(keyOf(letter));
  if (counter === undefined) {
    throw new WaybillError(
      'forbidden',
      `putting dead letters back is switched off for the virtual host ${letter.vhost}`,
      {
        remedy: 'set `replay.enabled` and `replay.token` of that broker',
      },
    );
  }
  if (!isToken(token, counter.token)) throw wrongToken();
  if (letter.resolution !== null) {
    throw new WaybillError('conflict', `the dead letter is resolved already: ${letter.resolution}`, {
      remedy: 'nothing is left to be done; it is not in its queue any more',
    });
  }
  if (letter.queueType !== 'classic') throw notClassic(letter);
  return { letter, replayer: counter.replayer };
}

function keyOf({ broker, vhost }: ReplayPlace): string {
  return JSON.stringify([broker, vhost]);
}

function notClassic({ queue, queueType }: KnownLetter): WaybillError {
  const by = 'by hand, with a consumer or a shovel';
  if (queueType === 'quorum') {
    return new WaybillError(
      'conflict',
      `${queue} is a quorum queue: every look at a message counts as a delivery there`,
      {
        remedy: `move it ${by}; a classic dead-letter queue can be replayed from here`,
      },
    );
  }
  if (queueType === 'stream') {
    const message = `${queue} is a stream: nothing can be taken out of it`;
    return new WaybillError('conflict', message, { remedy: `publish the message again ${by}` });
  }
  return new WaybillError('conflict', `it is not known of what type the queue ${queue} is, or it is gone`, {
    remedy: 'configure `management` for this broker, and look in GET /api/queues whether the queue is sampled',
  });
}

function wrongToken(): WaybillError {
  return new WaybillError('forbidden', 'this needs the token of replays', {
    remedy: 'send it as `Authorization: Bearer TOKEN`; it is `replay.token` of the configuration',
  });
}

/** Compared in a time that does not depend on where they differ, nor on the length. */
function isToken(given: string | undefined, token: Secret): boolean {
  return timingSafeEqual(digestOf(given ?? ''), digestOf(token.reveal())) && given !== undefined;
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** The message is back already: what Waybill itself cannot write down is said in the log and is no failure of the replay. */
async function resolve({ next, log }: ReplayDeskParts, broker: string, letter: DeadLetter): Promise<void> {
  try {
    await next.consume({ kind: 'messages', broker, messages: [], deadLetters: [letter] });
  } catch {
    log('error', 'a dead letter was put back, and it could not be written down that it is resolved', {
      queue: letter.queue,
    });
  }
}

async function conclude({ audit, log }: ReplayDeskParts, action: AuditedAction, outcome: AuditOutcome): Promise<void> {
  try {
    await audit.conclude(action, outcome);
  } catch {
    log('error', `how the replay ${action.actionId} ended could not be written down: ${outcome.outcome}`);
  }
}
