import { WaybillError } from '../../model/errors.ts';
import {
  type Attribute,
  type AttributeType,
  type EventLogItem,
  type EventLogMapping,
  type EventLogReader,
  MAX_ATTRIBUTES,
  nameProblem,
  rejected,
} from './event.ts';
import { type JsonElement, JsonElements } from './json-elements.ts';
import { chooseOrderType } from './order-type.ts';
import { TextInput } from './text-input.ts';
import { TimestampParser } from './timestamp.ts';

/** Objects of one JSON file; they are held in memory. SQLite has no such bound. */
export const MAX_OCEL_OBJECTS = 5_000_000;

/** Types of attributes by type of event or object, by attribute name. */
type Declared = ReadonlyMap<string, ReadonlyMap<string, AttributeType>>;

/** What the first pass over a file finds. */
export interface OcelOrders {
  readonly orderType: string;
  /** Attributes by order id; an attribute that changes over time has its last value. */
  readonly orders: ReadonlyMap<string, readonly Attribute[]>;
  readonly eventTypes: Declared;
}

/** The first of two passes over OCEL 2.0 JSON: events name objects that may stand after them. */
export class OcelOrdersReader {
  readonly #text = new TextInput();
  readonly #elements = new JsonElements();
  readonly #wanted: string | undefined;
  readonly #keepAttributes: boolean;
  readonly #objectTypes = new Map<string, Map<string, AttributeType>>();
  readonly #eventTypes = new Map<string, Map<string, AttributeType>>();
  readonly #objects = new Map<string, { type: string; attributes: unknown }>();
  #hasSections = false;

  constructor({ orderType, keepAttributes = true }: { orderType?: string; keepAttributes?: boolean } = {}) {
    this.#wanted = orderType;
    this.#keepAttributes = keepAttributes;
  }

  push(chunk: Uint8Array): void {
    for (const element of this.#elements.push(this.#text.decode(chunk))) this.#take(element);
  }

  /** Throws `invalid_argument` when the type that is the order must be named. */
  end(): OcelOrders {
    for (const element of this.#elements.push(this.#text.end())) this.#take(element);
    this.#elements.end();
    if (!this.#hasSections)
      throw new WaybillError('malformed_payload', 'the file has no `objects`; this is not OCEL 2.0 JSON');
    const types = new Set(this.#objectTypes.keys());
    for (const { type } of this.#objects.values()) types.add(type);
    const orderType = chooseOrderType([...types], this.#wanted);
    const declared = this.#objectTypes.get(orderType);
    const orders = new Map<string, readonly Attribute[]>();
    for (const [id, { type, attributes }] of this.#objects) {
      if (type === orderType) orders.set(id, latestAttributes(attributes, declared));
    }
    return { orderType, orders, eventTypes: this.#eventTypes };
  }

  #take({ section, text }: JsonElement): void {
    if (section !== 'objects' && section !== 'objectTypes' && section !== 'eventTypes') return;
    this.#hasSections ||= section !== 'eventTypes';
    const value = parsed(text);
    if (section === 'objects') {
      if (typeof value?.['id'] !== 'string' || typeof value['type'] !== 'string') return;
      if (this.#objects.size >= MAX_OCEL_OBJECTS) {
        throw new WaybillError('payload_too_large', `the file has more than ${MAX_OCEL_OBJECTS} objects`, {
          remedy: 'use OCEL 2.0 SQLite, which has no such bound',
        });
      }
      this.#objects.set(value['id'], {
        type: value['type'],
        attributes: this.#keepAttributes ? value['attributes'] : undefined,
      });
      return;
    }
    if (typeof value?.['name'] !== 'string') return;
    const types = section === 'objectTypes' ? this.#objectTypes : this.#eventTypes;
    types.set(value['name'], declaredTypes(value['attributes']));
  }
}

export interface OcelEventsOptions {
  readonly orders: OcelOrders;
  readonly timestamps: TimestampParser;
  /** `source` and `id` name attributes; without `id` the event's own id is used. */
  readonly mapping?: EventLogMapping;
  /** Default true; otherwise case attributes are left out, and of the event's only the named ones are kept. */
  readonly keepAttributes?: true | readonly string[];
}

/** The second pass over OCEL 2.0 JSON: an event for each order that it names; other events are skipped as `unrelated`. */
export class OcelEventsReader implements EventLogReader {
  readonly #options: OcelEventsOptions;
  readonly #text = new TextInput();
  readonly #elements = new JsonElements();
  #ordinal = 0;

  constructor(options: OcelEventsOptions) {
    this.#options = options;
  }

  push(chunk: Uint8Array): readonly EventLogItem[] {
    return this.#items(this.#elements.push(this.#text.decode(chunk)));
  }

  end(): readonly EventLogItem[] {
    const items = this.#items(this.#elements.push(this.#text.end()));
    this.#elements.end();
    return items;
  }

  #items(elements: readonly JsonElement[]): EventLogItem[] {
    const items: EventLogItem[] = [];
    for (const { section, text, line } of elements) {
      if (section === 'events') {
        this.#event(text, line, items);
        this.#ordinal += 1;
      } else if (section === 'objects') {
        const value = parsed(text);
        if (typeof value?.['id'] !== 'string' || typeof value['type'] !== 'string') {
          items.push(rejected(line, 'the object has no id or no type', text));
        }
      }
    }
    return items;
  }

  #event(text: string, line: number, items: EventLogItem[]): void {
    const value = parsed(text);
    if (value === undefined) {
      items.push(rejected(line, 'the event is not valid JSON', text));
      return;
    }
    const { orders, timestamps, mapping = {}, keepAttributes = true } = this.#options;
    const activity = typeof value['type'] === 'string' ? value['type'] : '';
    const caseIds = new Set(relatedIds(value['relationships']).filter((id) => orders.orders.has(id)));
    if (caseIds.size === 0) {
      items.push({ kind: 'skipped', line, reason: 'unrelated' });
      return;
    }
    const all = attributesOf(value['attributes'], orders.eventTypes.get(activity));
    if (all.length > MAX_ATTRIBUTES) {
      items.push(rejected(line, `more than ${MAX_ATTRIBUTES} attributes`, text));
      return;
    }
    const occurredAt = typeof value['time'] === 'string' ? timestamps.parse(value['time']) : 'the event has no time';
    const source = find(all, mapping.source) ?? null;
    const own = typeof value['id'] === 'string' ? value['id'] : null;
    const id = mapping.id === undefined ? own : (find(all, mapping.id) ?? null);
    const attributes = kept(all, keepAttributes, [mapping.source, mapping.id]);
    for (const caseId of caseIds) {
      const problem = nameProblem(caseId, activity, source, mapping.id === undefined ? null : id);
      if (problem !== undefined) items.push(rejected(line, problem, text));
      else if (typeof occurredAt === 'string') items.push(rejected(line, occurredAt, text));
      else {
        const caseAttributes = keepAttributes === true ? (orders.orders.get(caseId) ?? []) : [];
        items.push({
          kind: 'event',
          caseId,
          activity,
          occurredAt,
          source,
          id,
          line,
          ordinal: this.#ordinal,
          attributes,
          caseAttributes,
        });
      }
    }
  }
}

/** Names of attribute types in OCEL 2.0, and what other tools write instead. */
export function ocelType(name: unknown): AttributeType {
  switch (String(name).toLowerCase()) {
    case 'time':
    case 'date':
    case 'timestamp':
      return 'date';
    case 'integer':
    case 'int':
      return 'int';
    case 'float':
    case 'double':
    case 'real':
      return 'float';
    case 'boolean':
    case 'bool':
      return 'boolean';
    default:
      return 'string';
  }
}

/** The attributes that a reader was asked to keep. */
export function kept(
  attributes: readonly Attribute[],
  keep: true | readonly string[],
  without: readonly (string | undefined)[],
): readonly Attribute[] {
  return attributes.filter(([name]) => !without.includes(name) && (keep === true || keep.includes(name)));
}

function find(attributes: readonly Attribute[], name: string | undefined): string | undefined {
  const value = name === undefined ? undefined : attributes.find(([key]) => key === name)?.[2];
  return value === '' ? undefined : value;
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function records(value: unknown): readonly Record<string, unknown>[] {
  if (!Array.isArray(value)) return [];
  return value.filter((one): one is Record<string, unknown> => typeof one === 'object' && one !== null);
}

function relatedIds(value: unknown): string[] {
  return records(value).map(({ objectId }) => String(objectId));
}

function declaredTypes(value: unknown): Map<string, AttributeType> {
  return new Map(records(value).map(({ name, type }) => [String(name), ocelType(type)]));
}

function attributesOf(value: unknown, declared: ReadonlyMap<string, AttributeType> | undefined): Attribute[] {
  const attributes: Attribute[] = [];
  for (const { name, value: one } of records(value)) {
    if (typeof name !== 'string' || one === null || one === undefined) continue;
    attributes.push([name, declared?.get(name) ?? 'string', typeof one === 'string' ? one : JSON.stringify(one)]);
  }
  return attributes;
}

const AS_TIME = new TimestampParser({ format: 'iso' });

function latestAttributes(value: unknown, declared: ReadonlyMap<string, AttributeType> | undefined): Attribute[] {
  const timed = records(value).map((one) => {
    const at = AS_TIME.parse(typeof one['time'] === 'string' ? one['time'] : '');
    return { one, at: typeof at === 'string' ? 0n : at };
  });
  timed.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  const latest = new Map<string, Attribute>();
  for (const attribute of attributesOf(
    timed.map(({ one }) => one),
    declared,
  ))
    latest.set(attribute[0], attribute);
  return [...latest.values()];
}
