import { aliasText } from '../../model/alias-text.ts';
import type { Alias, OrderAttribute, OrderReference, StatusFact } from '../../model/order.ts';
import { type Resource, SpanBatch } from '../../model/span-batch.ts';
import { MAX_UNIX_NANO } from '../../model/units.ts';
import type { AliasBinding, InFlight, OrderTrace, SpanBinding } from '../in-flight.ts';
import { Verdicts } from '../verdicts.ts';
import type { BindConfig } from './config.ts';
import { LogBinding } from './log-binding.ts';
import { NAMES_NOTHING, type Named, readNamings } from './named.ts';
import { type Naming, NamingRules } from './namings.ts';

/** OTLP StatusCode. */
const STATUS_UNSET = 0;
const STATUS_ERROR = 2;

/** Binds spans and log records to the orders that they themselves name, and finds the status facts in them. Inheritance inside a trace comes later, when the trace can be seen whole. */
export class Binder {
  readonly #namings: Verdicts<Naming>;
  readonly #statusEvent: string;

  constructor(config: BindConfig) {
    const rules = new NamingRules(config);
    this.#namings = new Verdicts((table, id) => rules.namingOf(table, id));
    this.#statusEvent = config.statusEvent;
  }

  bind(batch: InFlight): void {
    if (batch.logs !== undefined) {
      batch.binding = new LogBinding(batch.logs, this.#namings.over(batch.logs.table), batch.observedAt);
    }
    if (batch.spans === undefined) return;
    const binding = new BatchBinding(batch.spans, batch);
    const namingOf = this.#namings.over(batch.spans.table);
    const statusEventId = batch.spans.table.strings.internText(this.#statusEvent);
    for (let row = 0; row < batch.spans.length; row += 1) binding.bindSpan(row, namingOf, statusEventId);
    batch.binding = binding;
  }
}

/** Collects the binding of one batch. */
class BatchBinding implements SpanBinding {
  readonly orderIds: string[] = [];
  readonly aliases: (Alias | undefined)[] = [];
  readonly orderTraces: OrderTrace[] = [];
  readonly aliasBindings: AliasBinding[] = [];
  readonly failedTraces = new Set<string>();
  readonly #spans: SpanBatch;
  readonly #facts: StatusFact[];
  readonly #attributes: OrderAttribute[];
  readonly #observedAt: bigint;
  readonly #pairs = new Set<string>();
  readonly #versions = new Map<Resource, string>();

  constructor(spans: SpanBatch, found: Pick<InFlight, 'facts' | 'attributes' | 'observedAt'>) {
    this.#spans = spans;
    this.#facts = found.facts;
    this.#attributes = found.attributes;
    this.#observedAt = found.observedAt;
  }

  bindSpan(row: number, namingOf: (id: number) => Naming, statusEventId: number): void {
    const spans = this.#spans;
    const own = readNamings(
      spans.attributes,
      SpanBatch.startOf(spans.attributeEnds, row),
      spans.attributeEnds.at(row),
      namingOf,
    );
    const firstEvent = SpanBatch.startOf(spans.eventEnds, row);
    const lastEvent = spans.eventEnds.at(row);
    if (own === NAMES_NOTHING && firstEvent === lastEvent) {
      this.orderIds.push('');
      this.aliases.push(undefined);
      this.#recordFailure(row);
      return;
    }
    const events: Readonly<Named>[] = [];
    for (let event = firstEvent; event < lastEvent; event += 1) {
      const start = SpanBatch.startOf(spans.eventAttributeEnds, event);
      events.push(readNamings(spans.eventAttributes, start, spans.eventAttributeEnds.at(event), namingOf));
    }
    const orderId = own.orderId ?? onlyOrder(events);
    const alias =
      orderId === undefined ? (own.alias ?? events.find((event) => event.alias !== undefined)?.alias) : undefined;
    this.orderIds.push(orderId ?? '');
    if (own.isError && spans.statusCodes.at(row) === STATUS_UNSET) spans.statusCodes.bytes[row] = STATUS_ERROR;
    this.#recordFailure(row);
    this.aliases.push(alias);
    this.#recordTraces(row, orderId, alias, events);
    this.#recordAliases(row, orderId, [own, ...events]);
    for (const place of [own, ...events]) this.#recordAttributes(row, place, reference(orderId, alias));
    if (own.status !== undefined) {
      this.#addFact(row, own.status, reference(orderId, alias), spans.startAt(row), 'span_attribute', 0);
    }
    for (const [offset, event] of events.entries()) {
      const index = firstEvent + offset;
      if (event.status === undefined || spans.eventNameIds.at(index) !== statusEventId) continue;
      const eventOrder =
        event.orderId === undefined && event.alias === undefined
          ? reference(orderId, alias)
          : reference(event.orderId, event.alias);
      this.#addFact(row, event.status, eventOrder, spans.eventAt(index), 'span_event', offset + 1);
    }
  }

  #recordFailure(row: number): void {
    const { statusCodes, traceIds } = this.#spans;
    if (statusCodes.at(row) === STATUS_ERROR) this.failedTraces.add(hex(traceIds.bytes, row * 16, 16));
  }

  #recordTraces(row: number, orderId: string | undefined, alias: Alias | undefined, events: readonly Named[]): void {
    if (orderId !== undefined || alias !== undefined) this.#recordTrace(row, orderId ?? '', alias);
    for (const event of events) {
      if (event.orderId !== undefined && event.orderId !== orderId) this.#recordTrace(row, event.orderId, undefined);
    }
  }

  #recordTrace(row: number, orderId: string, alias: Alias | undefined): void {
    const traceId = this.#spans.traceIds.bytes.slice(row * 16, row * 16 + 16);
    const pair = `${orderId}\n${alias === undefined ? '' : aliasText(alias)}\n${Buffer.from(traceId).toString('latin1')}`;
    if (this.#pairs.has(pair)) return;
    this.#pairs.add(pair);
    this.orderTraces.push({ orderId, alias, traceId });
  }

  #recordAliases(row: number, orderId: string | undefined, named: readonly Named[]): void {
    for (const place of named) {
      const order = place.orderId ?? orderId;
      if (order === undefined || place.aliases === undefined) continue;
      for (const alias of place.aliases) {
        this.aliasBindings.push({ orderId: order, alias, boundAt: this.#spans.startAt(row) });
      }
    }
  }

  /** What describes an order stands beside its name: in the same event, else in the same span. */
  #recordAttributes(row: number, place: Named, spanOrder: OrderReference): void {
    if (place.attributes === undefined) return;
    const order =
      place.orderId === undefined && place.alias === undefined ? spanOrder : reference(place.orderId, place.alias);
    // A trace may serve several orders, so what names none describes none.
    if (order.kind === 'trace') return;
    const traceId = hex(this.#spans.traceIds.bytes, row * 16, 16);
    const occurredAt = this.#spans.startAt(row);
    for (const { name, value } of place.attributes) this.#attributes.push({ order, name, value, occurredAt, traceId });
  }

  /** The resource attribute `service.version`, looked up once a batch; facts are few. */
  #versionOf(resource: Resource): string {
    const known = this.#versions.get(resource);
    if (known !== undefined) return known;
    const { table } = this.#spans;
    let version = '';
    for (let index = 0; index < resource.attributes.length; index += 1) {
      const id = resource.attributes.at(index);
      if (table.key(id) === 'service.version') version = table.value(id);
    }
    if (version.length > MAX_VERSION_CHARACTERS) version = '';
    this.#versions.set(resource, version);
    return version;
  }

  #addFact(
    row: number,
    status: string,
    order: OrderReference,
    occurredAt: bigint,
    evidenceKind: 'span_event' | 'span_attribute',
    sequence: number,
  ): void {
    // A time that the store cannot hold says nothing about when it happened.
    if (occurredAt > MAX_UNIX_NANO) return;
    const spans = this.#spans;
    const traceId = hex(spans.traceIds.bytes, row * 16, 16);
    const spanId = hex(spans.spanIds.bytes, row * 8, 8);
    const resource = spans.resources[spans.resourceIndexes.at(row)];
    this.#facts.push({
      order,
      status,
      occurredAt,
      observedAt: this.#observedAt,
      source: spans.table.strings.text(resource?.serviceId ?? 0),
      sourceVersion: resource === undefined ? '' : this.#versionOf(resource),
      evidenceKind,
      evidenceId: `${traceId}:${spanId}:${sequence}`,
      sequence,
      traceId,
      spanId,
    });
  }
}

/** Longest version that is kept, in characters; what is longer is no version. */
const MAX_VERSION_CHARACTERS = 256;

function reference(orderId: string | undefined, alias: Alias | undefined): OrderReference {
  if (orderId !== undefined) return { kind: 'order', orderId };
  return alias === undefined ? { kind: 'trace' } : { kind: 'alias', alias };
}

/** The order that the events of a span name, when it is one and the same. */
function onlyOrder(events: readonly Named[]): string | undefined {
  let found: string | undefined;
  for (const { orderId } of events) {
    if (orderId === undefined) continue;
    if (found !== undefined && found !== orderId) return undefined;
    found = orderId;
  }
  return found;
}

function hex(bytes: Uint8Array, start: number, length: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString('hex');
}
