import { ByteColumn, UintColumn } from '../../model/columns.ts';
import type { KeyValueTable } from '../../model/key-value-table.ts';
import { SpanBatch } from '../../model/span-batch.ts';
import type { StringTable } from '../../model/string-table.ts';
import { KIND_CONSUMER, KIND_PRODUCER } from '../../model/synthetic-span.ts';
import { Verdicts } from '../verdicts.ts';
import { queueOfSpan } from './client-queue.ts';

/** Messages of RabbitMQ as spans of clients tell of them, in columns; see table `client_messages`. */
export class ClientMessageBatch {
  readonly strings: StringTable;
  /** Of the context that the message carries: the trace and the span that sent it. */
  readonly traceIds = new ByteColumn();
  readonly spanIds = new ByteColumn();
  /** String ids; 0 for the sending itself. */
  readonly queueIds = new UintColumn();
  /** Halves, as in SpanBatch. */
  readonly starts = new UintColumn();
  readonly durations = new UintColumn();

  constructor(strings: StringTable) {
    this.strings = strings;
  }

  get length(): number {
    return this.queueIds.length;
  }
}

/** What a key-value says about a message. */
type Part = 'rabbitmq' | 'elsewhere' | 'destination' | 'routing_key' | 'source' | 'nothing';

/** Attributes over all generations of conventions. */
const PARTS: Readonly<Record<string, Part>> = {
  'messaging.destination.name': 'destination',
  'messaging.destination': 'destination',
  'messaging.source.name': 'source',
  'messaging.rabbitmq.destination.routing_key': 'routing_key',
  'messaging.rabbitmq.routing_key': 'routing_key',
};
/** Spring's spans name no system. */
const SPRING_KEYS: ReadonlySet<string> = new Set(['spring.rabbit.template.name', 'spring.rabbit.listener.id']);

function partOf(table: KeyValueTable, id: number): Part {
  const key = table.key(id);
  if (key === 'messaging.system') return table.value(id) === 'rabbitmq' ? 'rabbitmq' : 'elsewhere';
  return SPRING_KEYS.has(key) ? 'rabbitmq' : (PARTS[key] ?? 'nothing');
}

interface Found {
  destination: string | undefined;
  routingKey: string | undefined;
  source: string | undefined;
}

/** Finds the messages that spans of clients sent to RabbitMQ or received from it. */
export class ClientMessages {
  readonly #parts = new Verdicts(partOf);

  /** Undefined where the spans tell of none. */
  read(spans: SpanBatch): ClientMessageBatch | undefined {
    let batch: ClientMessageBatch | undefined;
    const kinds = spans.kinds.bytes;
    const ids = idsOf(spans);
    for (let row = 0; row < kinds.length; row += 1) {
      const kind = kinds[row];
      if (kind !== KIND_PRODUCER && kind !== KIND_CONSUMER) continue;
      const found = this.#find(spans, row);
      if (found === undefined) continue;
      batch ??= new ClientMessageBatch(spans.table.strings);
      if (kind === KIND_PRODUCER) {
        addRow(batch, { spans, ids, row, queueId: 0 }, ids.traces, ids.spans, row);
      } else {
        const queue = queueOfSpan({ name: spans.table.strings.text(spans.nameIds.at(row)), ...found });
        if (queue !== undefined) addReceived(batch, { spans, ids, row, queueId: batch.strings.internText(queue) });
      }
    }
    return batch;
  }

  #find({ table, attributes, attributeEnds }: SpanBatch, row: number): Found | undefined {
    const partOfId = this.#parts.over(table);
    const found: Found = { destination: undefined, routingKey: undefined, source: undefined };
    let isRabbitmq = false;
    for (let at = SpanBatch.startOf(attributeEnds, row); at < attributeEnds.at(row); at += 1) {
      const id = attributes.at(at);
      const part = partOfId(id);
      if (part === 'nothing') continue;
      if (part === 'elsewhere') return undefined;
      if (part === 'rabbitmq') isRabbitmq = true;
      else if (part === 'destination') found.destination = table.value(id);
      else if (part === 'routing_key') found.routingKey = table.value(id);
      else found.source = table.value(id);
    }
    return isRabbitmq ? found : undefined;
  }
}

interface Source {
  readonly spans: SpanBatch;
  readonly ids: ReturnType<typeof idsOf>;
  readonly row: number;
  readonly queueId: number;
}

/** The bytes of all ids of a batch, taken once. */
function idsOf({ traceIds, spanIds, parentSpanIds, linkTraceIds, linkSpanIds }: SpanBatch) {
  return {
    traces: traceIds.bytes,
    spans: spanIds.bytes,
    parents: parentSpanIds.bytes,
    linkTraces: linkTraceIds.bytes,
    linkSpans: linkSpanIds.bytes,
  };
}

/** A message is known by the span that sent it: the parent of the one that received it, or what that links to. */
function addReceived(batch: ClientMessageBatch, source: Source): void {
  const { spans, ids, row } = source;
  const hasParent = ids.parents.subarray(row * 8, row * 8 + 8).some((byte) => byte !== 0);
  if (hasParent) addRow(batch, source, ids.traces, ids.parents, row);
  for (let link = SpanBatch.startOf(spans.linkEnds, row); link < spans.linkEnds.at(row); link += 1) {
    addRow(batch, source, ids.linkTraces, ids.linkSpans, link);
  }
}

function addRow(
  batch: ClientMessageBatch,
  { spans, row, queueId }: Source,
  traceIds: Uint8Array,
  spanIds: Uint8Array,
  index: number,
): void {
  batch.traceIds.pushBytes(traceIds, index * 16, index * 16 + 16);
  batch.spanIds.pushBytes(spanIds, index * 8, index * 8 + 8);
  batch.queueIds.push(queueId);
  batch.starts.push(spans.starts.at(row * 2));
  batch.starts.push(spans.starts.at(row * 2 + 1));
  batch.durations.push(spans.durations.at(row * 2));
  batch.durations.push(spans.durations.at(row * 2 + 1));
}
