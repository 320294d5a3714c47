import { hash } from 'node:crypto';
import { UintColumn } from '../../model/columns.ts';
import { KeyValueTable, type ValueType } from '../../model/key-value-table.ts';
import type { MessageEvent } from '../../model/message.ts';
import { NO_SPAN } from '../../model/no-id.ts';
import { SpanBatch } from '../../model/span-batch.ts';
import { KIND_CONSUMER, KIND_PRODUCER, SYNTHETIC_SCOPE } from '../../model/synthetic-span.ts';
import type { UnixNano } from '../../model/units.ts';
import type { InFlightMessage } from '../in-flight.ts';

/** A table beyond these sizes is left to the batches that use it and a new one is started. */
const MAX_TABLE_BYTES = 16 * 1024 * 1024;
const MAX_TABLE_ENTRIES = 200_000;

/** Headers of one message that are kept as attributes. */
const MAX_HEADERS = 32;

/** W3C trace flag `sampled`, and OTLP's "has is-remote": not known. */
const SAMPLED = 1;

/** What names the order in a made span. */
export interface SpanNames {
  /** Attribute of the canonical order id; the binder must know it. */
  readonly orderIdAttribute: string;
  /** Largest stored body in bytes; 0 stores none. */
  readonly storedBodyBytes: number;
}

/** The trace of a message: the one that it carries, else one that publisher and consumer find from the same message key. */
export function traceIdOf(event: MessageEvent): string {
  return event.context?.traceId ?? digest(['trace', event.message.key, String(event.message.occurrence)], 32);
}

/** When a sighting happened: by the broker's clock where it stamps, else when the tracer received it. */
export function timeOf(event: MessageEvent): UnixNano {
  return event.stampedAt ?? event.arrivedAt;
}

/**
 * The span of the publication, whether or not it was seen. The same message gives the same id; carried on to another broker it is another span.
 */
function producerId({ vhost, message }: MessageEvent, broker: string): string {
  return digest(['publish', broker, vhost, message.key, String(message.occurrence)], 16);
}

function consumerId(event: MessageEvent, broker: string): string {
  const { vhost, message, queues } = event;
  const delivery = event.redelivered
    ? `again ${event.headers.find(({ key }) => key === 'x-delivery-count')?.value ?? ''}`
    : 'first';
  const occurrence = String(message.occurrence);
  return digest(['deliver', broker, vhost, message.key, occurrence, queues[0] ?? '', delivery], 16);
}

function digest(parts: readonly string[], digits: number): string {
  return hash('sha256', parts.join('\n'), 'hex').slice(0, digits);
}

/** Makes spans of sightings. Ids are deterministic: the same sighting, seen twice, is one span. */
export class MessageSpans {
  readonly #names: SpanNames;
  #table = new KeyValueTable();

  constructor(names: SpanNames) {
    this.#names = names;
  }

  /** Spans of the messages, in their order; undefined when there are none. */
  make(messages: readonly InFlightMessage[], broker: string): SpanBatch | undefined {
    if (messages.length === 0) return undefined;
    const builder = new Builder(this.#currentTable(), this.#names, broker);
    for (const message of messages) builder.add(message);
    return builder.batch;
  }

  #currentTable(): KeyValueTable {
    const { strings, size } = this.#table;
    if (strings.byteLength > MAX_TABLE_BYTES || strings.size > MAX_TABLE_ENTRIES || size > MAX_TABLE_ENTRIES) {
      this.#table = new KeyValueTable();
    }
    return this.#table;
  }
}

class Builder {
  readonly batch: SpanBatch;
  readonly #names: SpanNames;
  readonly #broker: string;
  readonly #resources = new Map<string, number>();

  constructor(table: KeyValueTable, names: SpanNames, broker: string) {
    this.batch = new SpanBatch(table);
    this.#names = names;
    this.#broker = broker;
    const { strings } = table;
    this.batch.scopes.push({
      nameId: strings.internText(SYNTHETIC_SCOPE),
      versionId: 0,
      attributes: new UintColumn(),
    });
  }

  add(message: InFlightMessage): void {
    const { event } = message;
    const { batch } = this;
    const { strings } = batch.table;
    const isPublish = event.kind === 'publish';
    pushHex(batch.traceIds, traceIdOf(event));
    pushHex(batch.spanIds, isPublish ? producerId(event, this.#broker) : consumerId(event, this.#broker));
    pushHex(batch.parentSpanIds, isPublish ? (event.context?.spanId ?? NO_SPAN) : producerId(event, this.#broker));
    const start = timeOf(event);
    batch.starts.push(Number(start & 0xffffffffn));
    batch.starts.push(Number(start >> 32n));
    batch.durations.push(0);
    batch.durations.push(0);
    batch.kinds.pushByte(isPublish ? KIND_PRODUCER : KIND_CONSUMER);
    batch.statusCodes.pushByte(0);
    batch.statusMessageIds.push(0);
    batch.nameIds.push(strings.internText(spanName(event)));
    batch.traceStateIds.push(0);
    batch.flags.push(SAMPLED);
    batch.resourceIndexes.push(this.#resource(event.service));
    batch.scopeIndexes.push(0);
    batch.droppedAttributes.push(Math.max(0, event.headers.length - MAX_HEADERS));
    batch.droppedEvents.push(0);
    batch.droppedLinks.push(0);
    this.#attributes(message);
    batch.attributeEnds.push(batch.attributes.length);
    batch.eventEnds.push(0);
    if (!isPublish && event.context !== null) this.#link(event.context.traceId, event.context.spanId);
    batch.linkEnds.push(batch.linkTraceStateIds.length);
  }

  #link(traceId: string, spanId: string): void {
    const { batch } = this;
    pushHex(batch.linkTraceIds, traceId);
    pushHex(batch.linkSpanIds, spanId);
    batch.linkTraceStateIds.push(0);
    batch.linkAttributeEnds.push(0);
  }

  #resource(service: string): number {
    const known = this.#resources.get(service);
    if (known !== undefined) return known;
    const { table, resources } = this.batch;
    const attributes = new UintColumn();
    attributes.push(table.internText('service.name', 'string', service));
    const index = resources.length;
    resources.push({ serviceId: table.strings.internText(service), attributes, schemaUrlId: 0 });
    this.#resources.set(service, index);
    return index;
  }

  /** Names of OpenTelemetry's messaging conventions 1.44; what they have no name for is `waybill.*`. */
  #attributes({ event, order, alias, json }: InFlightMessage): void {
    const isPublish = event.kind === 'publish';
    const [routingKey = ''] = event.routingKeys;
    const { messageId, correlationId } = event.properties;
    this.#text('messaging.system', 'rabbitmq');
    this.#text('messaging.operation.name', isPublish ? 'publish' : 'deliver');
    this.#text('messaging.operation.type', isPublish ? 'send' : 'receive');
    this.#text('messaging.destination.name', destination(event, routingKey));
    if (routingKey !== '') this.#text('messaging.rabbitmq.destination.routing_key', routingKey);
    if (messageId !== null) this.#text('messaging.message.id', messageId);
    if (correlationId !== null) this.#text('messaging.message.conversation_id', correlationId);
    this.#value('messaging.message.body.size', 'int', String(event.bodyBytes));
    this.#text('waybill.rabbitmq.broker', this.#broker);
    this.#text('waybill.rabbitmq.vhost', event.vhost);
    if (isPublish) this.#value('waybill.rabbitmq.queues', 'array', JSON.stringify(event.queues));
    if (isPublish && event.queues.length === 0 && !event.directReply) this.#flag('waybill.rabbitmq.unroutable');
    if (event.redelivered) this.#flag('waybill.rabbitmq.redelivered');
    this.#flag('waybill.synthetic');
    this.#text('waybill.time.source', event.stampedAt === null ? 'firehose_arrival' : 'broker');
    if (!event.reliable && event.stampedAt === null) this.#flag('waybill.time.uncertain');
    if (order.kind === 'order') this.#text(this.#names.orderIdAttribute, order.orderId);
    if (alias !== undefined) this.#text(alias.name, alias.value);
    for (const { key, value } of event.headers.slice(0, MAX_HEADERS))
      this.#text(`waybill.message.header.${key}`, value);
    if (this.#names.storedBodyBytes > 0 && json !== undefined) {
      const text = Buffer.from(JSON.stringify(json)).subarray(0, this.#names.storedBodyBytes).toString('utf8');
      this.#text('waybill.message.body', text);
    }
  }

  #text(key: string, value: string): void {
    this.#value(key, 'string', value);
  }

  #flag(key: string): void {
    this.#value(key, 'bool', 'true');
  }

  #value(key: string, type: ValueType, value: string): void {
    this.batch.attributes.push(this.batch.table.internText(key, type, value));
  }
}

/** `{exchange}:{routing key}:{queue}`, empty parts left out (semantic conventions of RabbitMQ 1.44). */
function destination(event: MessageEvent, routingKey: string): string {
  const queue = event.kind === 'deliver' ? (event.queues[0] ?? '') : '';
  const parts = [event.exchange, routingKey, queue];
  return parts.filter((part, index) => part !== '' && parts.indexOf(part) === index).join(':');
}

/** Of few values: routing keys may hold ids, so an exchange's name stands for them. */
function spanName(event: MessageEvent): string {
  if (event.kind === 'deliver') return `deliver ${event.queues[0] ?? ''}`;
  return `publish ${event.exchange !== '' ? event.exchange : (event.queues[0] ?? (event.directReply ? 'reply' : '(default)'))}`;
}

function pushHex(column: SpanBatch['traceIds'], digits: string): void {
  const bytes = Buffer.from(digits, 'hex');
  column.pushBytes(bytes, 0, bytes.length);
}
