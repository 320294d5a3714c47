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
import { TextInput } from './text-input.ts';
import type { TimestampParser } from './timestamp.ts';
import { type XmlTag, XmlTags } from './xml-tags.ts';

export interface XesReaderOptions {
  readonly timestamps: TimestampParser;
  /** Keys of attributes; default `concept:name` of trace and event and `time:timestamp`; source and id have no default. */
  readonly mapping?: EventLogMapping;
  /** Which `lifecycle:transition` counts, in any case; events without one always count. Default `['complete']`. */
  readonly lifecycle?: readonly string[] | 'all';
  /** Default true; otherwise case attributes are left out, and of the event's only the named ones are kept. */
  readonly keepAttributes?: true | readonly string[];
}

/** Events of one trace, which is held until it is complete: its name may stand after them. */
export const MAX_EVENTS_PER_TRACE = 1_000_000;

const TYPES: ReadonlySet<string> = new Set<AttributeType>(['string', 'date', 'int', 'float', 'boolean', 'id']);

interface RawEvent {
  readonly line: number;
  readonly ordinal: number;
  readonly attributes: Attribute[];
}

/** Reads XES (IEEE 1849): every event of a trace; globals, classifiers and extensions are passed over. */
export class XesReader implements EventLogReader {
  readonly #options: XesReaderOptions;
  readonly #mapping: {
    case: string;
    activity: string;
    timestamp: string;
    source: string | undefined;
    id: string | undefined;
  };
  readonly #lifecycle: ReadonlySet<string> | undefined;
  #text: TextInput | undefined;
  readonly #tags = new XmlTags();
  /** Names of the open elements. */
  readonly #path: string[] = [];
  /** Keys of the open attributes, because attributes may have attributes. */
  readonly #keys: string[] = [];
  #trace: { attributes: Attribute[]; events: RawEvent[] } | undefined;
  #event: RawEvent | undefined;
  #ignoredDepth = 0;
  #ordinal = 0;

  constructor(options: XesReaderOptions) {
    this.#options = options;
    const { mapping = {}, lifecycle = ['complete'] } = options;
    this.#mapping = {
      case: mapping.case ?? 'concept:name',
      activity: mapping.activity ?? 'concept:name',
      timestamp: mapping.timestamp ?? 'time:timestamp',
      source: mapping.source,
      id: mapping.id,
    };
    this.#lifecycle = lifecycle === 'all' ? undefined : new Set(lifecycle.map((name) => name.toLowerCase()));
  }

  push(chunk: Uint8Array): readonly EventLogItem[] {
    this.#text ??= new TextInput(declaredEncoding(chunk));
    return this.#items(this.#tags.push(this.#text.decode(chunk)));
  }

  end(): readonly EventLogItem[] {
    const items = this.#items(this.#tags.push(this.#text?.end() ?? ''));
    this.#tags.end();
    return items;
  }

  #items(tags: readonly XmlTag[]): EventLogItem[] {
    const items: EventLogItem[] = [];
    for (const tag of tags) {
      if (tag.kind === 'open') this.#opened(localName(tag.name), tag.attributes, tag.line);
      else this.#closed(localName(tag.name), items);
    }
    return items;
  }

  #opened(name: string, attributes: ReadonlyMap<string, string>, line: number): void {
    if (this.#path.length === 0 && name !== 'log') {
      throw new WaybillError('malformed_payload', 'the root element is not <log>; this is not XES');
    }
    this.#path.push(name);
    if (this.#ignoredDepth > 0) return;
    switch (name) {
      case 'log':
        break;
      case 'trace':
        this.#trace = { attributes: [], events: [] };
        break;
      case 'event':
        this.#event = { line, ordinal: this.#ordinal, attributes: [] };
        this.#ordinal += 1;
        break;
      case 'values':
        break;
      default:
        if (TYPES.has(name) || name === 'list' || name === 'container') this.#attribute(name, attributes, line);
        else this.#ignoredDepth = this.#path.length;
    }
  }

  #attribute(type: string, attributes: ReadonlyMap<string, string>, line: number): void {
    const key = attributes.get('key') ?? '';
    this.#keys.push(key);
    const target = this.#event?.attributes ?? this.#trace?.attributes;
    const value = attributes.get('value');
    if (target === undefined || value === undefined || !TYPES.has(type)) return;
    if (target.length >= MAX_ATTRIBUTES) {
      throw new WaybillError('malformed_payload', `line ${line}: more than ${MAX_ATTRIBUTES} attributes`);
    }
    // An attribute of an attribute is named by the way to it.
    const name = this.#keys.length === 1 ? key : this.#keys.join('/');
    target.push([name, type as AttributeType, value]);
  }

  #closed(name: string, items: EventLogItem[]): void {
    const depth = this.#path.length;
    this.#path.pop();
    if (this.#ignoredDepth > 0) {
      if (depth === this.#ignoredDepth) this.#ignoredDepth = 0;
      return;
    }
    if (name === 'event' && this.#event !== undefined) this.#eventClosed(this.#event, items);
    else if (name === 'trace' && this.#trace !== undefined) {
      this.#traceClosed(this.#trace.attributes, this.#trace.events, items);
      this.#trace = undefined;
    } else if (TYPES.has(name) || name === 'list' || name === 'container') this.#keys.pop();
  }

  #eventClosed(event: RawEvent, items: EventLogItem[]): void {
    this.#event = undefined;
    if (this.#trace === undefined) {
      // IEEE 1849 allows events outside traces; only their own attributes can name a case.
      this.#traceClosed([], [event], items);
      return;
    }
    if (this.#trace.events.length >= MAX_EVENTS_PER_TRACE) {
      throw new WaybillError(
        'malformed_payload',
        `line ${event.line}: more than ${MAX_EVENTS_PER_TRACE} events in a trace`,
      );
    }
    this.#trace.events.push(event);
  }

  #traceClosed(ofTrace: readonly Attribute[], events: readonly RawEvent[], items: EventLogItem[]): void {
    const named = valueOf(ofTrace, this.#mapping.case);
    const caseAttributes =
      this.#options.keepAttributes === undefined || this.#options.keepAttributes === true
        ? ofTrace.filter(([name]) => name !== this.#mapping.case)
        : NONE;
    for (const event of events) items.push(this.#item(event, named, caseAttributes));
  }

  #item(event: RawEvent, traceName: string | undefined, caseAttributes: readonly Attribute[]): EventLogItem {
    const { line, ordinal, attributes } = event;
    const mapping = this.#mapping;
    const transition = valueOf(attributes, 'lifecycle:transition');
    if (transition !== undefined && this.#lifecycle !== undefined && !this.#lifecycle.has(transition.toLowerCase())) {
      return { kind: 'skipped', line, reason: 'lifecycle' };
    }
    const caseId = traceName ?? valueOf(attributes, `case:${mapping.case}`) ?? '';
    const activity = valueOf(attributes, mapping.activity) ?? '';
    const source = valueOf(attributes, mapping.source) ?? null;
    const id = valueOf(attributes, mapping.id) ?? null;
    const problem = nameProblem(caseId, activity, source, id);
    if (problem !== undefined) return rejected(line, problem, rawOf(caseId, event));
    const time = valueOf(attributes, mapping.timestamp);
    if (time === undefined) return rejected(line, `the event has no ${mapping.timestamp}`, rawOf(caseId, event));
    const occurredAt = this.#options.timestamps.parse(time);
    if (typeof occurredAt === 'string') return rejected(line, occurredAt, rawOf(caseId, event));
    const mapped = [mapping.activity, mapping.timestamp, mapping.source, mapping.id];
    return {
      kind: 'event',
      caseId,
      activity,
      occurredAt,
      source: source === '' ? null : source,
      id: id === '' ? null : id,
      line,
      ordinal,
      attributes: this.#kept(attributes, mapped),
      caseAttributes,
    };
  }

  #kept(attributes: readonly Attribute[], without: readonly (string | undefined)[] = []): readonly Attribute[] {
    const { keepAttributes = true } = this.#options;
    return attributes.filter(
      ([name]) => !without.includes(name) && (keepAttributes === true || keepAttributes.includes(name)),
    );
  }
}

const NONE: readonly Attribute[] = [];

function valueOf(attributes: readonly Attribute[], name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  for (const [key, , value] of attributes) if (key === name) return value;
  return undefined;
}

/** XES has lines but no records of one line; the attributes as JSON are what a person can mend. */
function rawOf(caseId: string, { attributes }: RawEvent): string {
  return JSON.stringify({ case: caseId, ...Object.fromEntries(attributes.map(([name, , value]) => [name, value])) });
}

function localName(name: string): string {
  const colon = name.indexOf(':');
  return colon === -1 ? name : name.slice(colon + 1);
}

function declaredEncoding(chunk: Uint8Array): string {
  const head = Buffer.from(chunk.buffer, chunk.byteOffset, Math.min(chunk.byteLength, 200)).toString('latin1');
  return /^\s*<\?xml[^>]*\sencoding\s*=\s*["']([A-Za-z0-9._-]+)["']/.exec(head)?.[1] ?? 'utf-8';
}
