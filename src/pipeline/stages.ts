import type { Batch } from '../model/batch.ts';
import type { Consumer } from '../model/consumer.ts';
import type { DeadLetter, MessageEvent } from '../model/message.ts';
import type { UnixNano } from '../model/units.ts';
import type { Binder } from './bind/binder.ts';
import type { InFlight, InFlightMessage } from './in-flight.ts';
import { encodeRecord } from './journal/encode-record.ts';
import type { Journal } from './journal/journal.ts';
import type { MessageBinder } from './messages/message-binder.ts';
import type { Redactor } from './redact/redactor.ts';
import { SpanGathering } from './span-gathering.ts';

/** One step of the pipeline. It may change the batch in place; a rejection refuses the whole batch. */
type Stage = (batch: InFlight) => void | Promise<void>;

export interface PipelineParts {
  readonly redactor: Redactor;
  readonly binder: Binder;
  readonly messageBinder: MessageBinder;
  readonly journal: Journal;
  /** Our clock. */
  readonly now: () => UnixNano;
}

/**
 * The ordered list of stages between receivers and the store.
 *
 * The consumer that it returns resolves when the batch is fsynced in the journal, so a receiver may acknowledge then. Requests of few
 * spans pass the stages together.
 */
export function createPipeline(parts: PipelineParts): Consumer {
  const stages: readonly Stage[] = [
    // First, so that nothing behind it ever sees what must not be stored.
    (batch) => parts.redactor.redact(batch),
    // Before spans are bound: it makes spans of messages.
    (batch) => parts.messageBinder.bind(batch),
    (batch) => parts.binder.bind(batch),
    // Last: it is the acknowledgement.
    (batch) => parts.journal.append(encodeRecord(batch, parts.journal.storedResources)),
  ];
  async function pass(batch: Batch): Promise<void> {
    const inFlight = toInFlight(batch, parts.now());
    if (inFlight === undefined) return;
    for (const stage of stages) await stage(inFlight);
  }
  const gathering = new SpanGathering((spans) => pass({ kind: 'spans', spans }));
  return {
    consume: (batch) =>
      batch.kind === 'spans' && SpanGathering.isWorthIt(batch.spans) ? gathering.add(batch.spans) : pass(batch),
  };
}

function toInFlight(batch: Batch, observedAt: UnixNano): InFlight | undefined {
  if (batch.kind === 'facts') {
    if (batch.facts.length === 0) return undefined;
    return {
      observedAt,
      spans: undefined,
      messages: undefined,
      facts: [...batch.facts],
      attributes: [...(batch.attributes ?? [])],
      binding: undefined,
    };
  }
  if (batch.kind === 'queues') {
    if (batch.samples.length === 0) return undefined;
    const samples = { broker: batch.broker, queues: batch.samples };
    return {
      observedAt,
      spans: undefined,
      messages: undefined,
      samples,
      facts: [],
      attributes: [],
      binding: undefined,
    };
  }
  if (batch.kind === 'messages') {
    if (batch.messages.length === 0 && batch.deadLetters.length === 0) return undefined;
    const { broker } = batch;
    const messages = { broker, events: batch.messages.map(toMessage), deadLetters: batch.deadLetters.map(toMessage) };
    return { observedAt, spans: undefined, messages, facts: [], attributes: [], binding: undefined };
  }
  const nothing = { observedAt, spans: undefined, messages: undefined, facts: [], attributes: [], binding: undefined };
  if (batch.kind === 'logs') return batch.logs.length === 0 ? undefined : { ...nothing, logs: batch.logs };
  if (batch.kind === 'metrics') return batch.metrics.length === 0 ? undefined : { ...nothing, metrics: batch.metrics };
  if (batch.spans.length === 0) return undefined;
  return { observedAt, spans: batch.spans, messages: undefined, facts: [], attributes: [], binding: undefined };
}

function toMessage<Event extends MessageEvent | DeadLetter>(event: Event): InFlightMessage<Event> {
  return {
    event,
    json: undefined,
    order: { kind: 'trace' },
    alias: undefined,
    traceId: event.context?.traceId ?? null,
  };
}
