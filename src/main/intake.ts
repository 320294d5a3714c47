import { join } from 'node:path';
import type { Consumer } from '../model/consumer.ts';
import { Binder } from '../pipeline/bind/binder.ts';
import { Journal } from '../pipeline/journal/journal.ts';
import { MessageBinder } from '../pipeline/messages/message-binder.ts';
import { MessageRules } from '../pipeline/messages/message-rules.ts';
import { Redactor } from '../pipeline/redact/redactor.ts';
import { createPipeline } from '../pipeline/stages.ts';
import { QueueWatches } from '../receivers/rabbitmq/broker/queue-watches.ts';
import { DeadLetterBook } from '../receivers/rabbitmq/dead-letter-book.ts';
import { FirehoseReceivers } from '../receivers/rabbitmq/firehose-receivers.ts';
import { Loader } from '../store/loader.ts';
import type { Store } from '../store/store.ts';
import type { Config } from './config.ts';
import type { Folding } from './folding/folding.ts';
import type { Log } from './log.ts';
import { systemNow } from './system-now.ts';

/** What brings batches into the store, from the pipeline on, and the receivers that watch brokers (not started yet). */
export interface Intake {
  readonly journal: Journal;
  readonly loader: Loader;
  readonly redactor: Redactor;
  /** Where every receiver hands its batches. */
  readonly next: Consumer;
  readonly firehoses: FirehoseReceivers;
  readonly queueWatches: QueueWatches;
  /** What everything that deals with brokers is made of. */
  readonly brokerParts: ReturnType<typeof brokerPartsOf>;
}

/** Starts journal and loader and makes the pipeline in front of them. */
export async function startIntake(
  { config, store, folding, log }: { config: Config; store: Store; folding: Folding; log: Log },
  undo: (() => Promise<unknown>)[],
): Promise<Intake> {
  const journal = new Journal({ directory: join(config.dataDir, 'journal'), config: config.journal });
  // A store may have outlived the journal's directory: a segment id that the projector has passed would never be folded.
  await journal.start(folding.stats().projector.segment);
  const loader = new Loader({ source: journal, store, observer: loaderObserver(log) });
  loader.onLoaded(() => folding.notify());
  loader.start();
  undo.push(() => loader.stop());
  // Before the loader: it ends only when its source is closed.
  undo.push(() => journal.stop());

  const redactor = new Redactor(config.redact);
  const messages = messageStages(config);
  const next = createPipeline({ redactor, ...messages.stages, journal, now: systemNow });
  const brokerParts = brokerPartsOf({ next, salt: store.installationId, rules: messages.rules, log });
  const firehoses = new FirehoseReceivers(config.rabbitmq.brokers, brokerParts);
  const queueWatches = new QueueWatches(config.rabbitmq.brokers, brokerParts);
  return { journal, loader, redactor, next, firehoses, queueWatches, brokerParts };
}

/** What everything that deals with brokers is made of. */
function brokerPartsOf(parts: { next: Consumer; salt: string; rules: MessageRules; log: Log }) {
  const { next, salt, rules, log } = parts;
  return {
    next,
    salt,
    needsBody: (exchange: string, routingKey: string, bytes: number) => rules.needsBody(exchange, routingKey, bytes),
    now: systemNow,
    log,
    bookOf: booksOf(),
  };
}

/** A book for each configured virtual host; its tracer and its watch share it. */
function booksOf(): (config: object) => DeadLetterBook {
  const books = new WeakMap<object, DeadLetterBook>();
  return (config) => {
    const book = books.get(config) ?? new DeadLetterBook();
    books.set(config, book);
    return book;
  };
}

/** What binds messages, and the binder of spans that knows the names which messages use. */
function messageStages({ binding, rabbitmq }: Config) {
  const rules = new MessageRules(rabbitmq.messages);
  const aliases = rabbitmq.messages.orders.flatMap(({ alias }) => (alias === undefined ? [] : [alias]));
  const binder = new Binder({ ...binding, aliases: [...new Set([...binding.aliases, ...aliases])] });
  const messageBinder = new MessageBinder(rabbitmq.messages, rules, binding.orderIdAttributes[0] ?? 'order.id');
  return { rules, stages: { binder, messageBinder } };
}

function loaderObserver(log: Log) {
  return {
    failed: (event: { attempt: number; error: string }): void => {
      // The first failure and then every tenth: a store that is away for an hour is one incident, not a thousand lines.
      if (event.attempt % 10 === 1)
        log('warn', `the store does not take a segment, trying again: ${event.error}`, { attempt: event.attempt });
    },
    quarantined: (event: { segmentId: number; reason: string }): void => {
      log('error', `a journal segment was set aside under journal/refused: ${event.reason}`, {
        segment: event.segmentId,
      });
    },
  };
}
