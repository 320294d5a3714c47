import type { KeyValueTable } from '../../model/key-value-table.ts';
import { releaseSource } from '../../model/string-table.ts';
import type { DecodeTally } from './decode-tally.ts';
import type { DecodeLimits } from './limits.ts';
import type { OriginBuilder } from './origin-builder.ts';
import { ProtobufKeyValues } from './protobuf-key-values.ts';
import { ProtobufReader } from './protobuf-reader.ts';
import { RawCache, TextInterner } from './text-interner.ts';

/** How a signal's messages are called in errors: the request, and the two repeated fields around its items. */
interface ExportNames {
  readonly request: string;
  readonly resources: string;
  readonly scopes: string;
}

/** What was learned about raw bytes lives as long as the table that it points into. */
const caches = new WeakMap<KeyValueTable, { maxValueBytes: number; texts: RawCache; keyValues: RawCache }>();

function cachesOf(table: KeyValueTable, maxValueBytes: number): { texts: RawCache; keyValues: RawCache } {
  const known = caches.get(table);
  const fits = known !== undefined && known.maxValueBytes === maxValueBytes;
  if (fits && !known.texts.isFull && !known.keyValues.isFull) return known;
  const fresh = { maxValueBytes, texts: new RawCache(0), keyValues: new RawCache(table.intern(0, 0, 0)) };
  caches.set(table, fresh);
  return fresh;
}

/**
 * Walks the bytes of an export request down to its items, which a subclass reads: the requests of all signals are built alike, of
 * items (spans, log records, metrics) in scopes in resources, with the same field numbers.
 */
export abstract class ProtobufExportDecoder {
  protected readonly reader: ProtobufReader;
  protected readonly texts: TextInterner;
  protected readonly keyValues: ProtobufKeyValues;
  protected abstract readonly builder: OriginBuilder;
  readonly #requestName: string;
  readonly #resourcesName: string;
  readonly #scopesName: string;

  constructor(
    body: Uint8Array,
    table: KeyValueTable,
    { limits, tally, names }: { limits: DecodeLimits; tally: DecodeTally; names: ExportNames },
  ) {
    const cache = cachesOf(table, limits.maxValueBytes);
    const reader = new ProtobufReader(body);
    const texts = new TextInterner(table.strings, cache.texts, limits.maxValueBytes, tally);
    this.reader = reader;
    this.texts = texts;
    this.keyValues = new ProtobufKeyValues({ reader, table, texts, cache: cache.keyValues, limits, tally });
    this.#requestName = names.request;
    this.#resourcesName = names.resources;
    this.#scopesName = `${names.resources}.${names.scopes}`;
  }

  /** Reads the item that ends at `end`; the cursor MUST stand there afterwards. */
  protected abstract item(end: number): void;

  protected walk(): void {
    const reader = this.reader;
    const end = reader.bytes.length;
    reader.path = this.#requestName;
    while (reader.pos < end) {
      const tag = reader.readTag(end);
      if (tag === 0x0a) this.#resources(reader.readEnd(end));
      else reader.skip(tag, end);
      reader.path = this.#requestName;
    }
    releaseSource();
  }

  /** Two passes over the fields: the resource may stand behind the items that need it. */
  #resources(end: number): void {
    const { reader, builder } = this;
    const start = reader.pos;
    reader.path = this.#resourcesName;
    builder.beginResource();
    while (reader.pos < end) {
      const tag = reader.readTag(end);
      if (tag === 0x0a) this.#resource(reader.readEnd(end));
      else if (tag === 0x1a) builder.resourceSchemaUrlId = this.text(end);
      else reader.skip(tag, end);
    }
    reader.pos = start;
    while (reader.pos < end) {
      const tag = reader.readTag(end);
      if (tag === 0x12) this.#scopes(reader.readEnd(end));
      else reader.skip(tag, end);
      reader.path = this.#resourcesName;
    }
  }

  #resource(end: number): void {
    const { reader, builder } = this;
    reader.path = `${this.#resourcesName}.resource`;
    while (reader.pos < end) {
      const tag = reader.readTag(end);
      if (tag === 0x0a) {
        const attributeEnd = reader.readEnd(end);
        if (builder.takesResourceAttribute()) builder.resourceAttributes.push(this.keyValues.read(attributeEnd));
        else reader.pos = attributeEnd;
      } else reader.skip(tag, end);
    }
    reader.path = this.#resourcesName;
  }

  #scopes(end: number): void {
    const { reader } = this;
    const start = reader.pos;
    reader.path = this.#scopesName;
    this.builder.beginScope();
    while (reader.pos < end) {
      const tag = reader.readTag(end);
      if (tag === 0x0a) this.#scope(reader.readEnd(end));
      else reader.skip(tag, end);
    }
    reader.pos = start;
    while (reader.pos < end) {
      const tag = reader.readTag(end);
      if (tag === 0x12) this.item(reader.readEnd(end));
      else reader.skip(tag, end);
      reader.path = this.#scopesName;
    }
  }

  #scope(end: number): void {
    const { reader, builder } = this;
    reader.path = `${this.#scopesName}.scope`;
    while (reader.pos < end) {
      const tag = reader.readTag(end);
      if (tag === 0x0a) builder.scopeNameId = this.text(end);
      else if (tag === 0x12) builder.scopeVersionId = this.text(end);
      else if (tag === 0x1a) {
        const attributeEnd = reader.readEnd(end);
        if (builder.takesScopeAttribute()) builder.scopeAttributes.push(this.keyValues.read(attributeEnd));
        else reader.pos = attributeEnd;
      } else reader.skip(tag, end);
    }
    reader.path = this.#scopesName;
  }

  /** Names the string that follows a tag. */
  protected text(end: number): number {
    const reader = this.reader;
    const textEnd = reader.readEnd(end);
    const id = this.texts.intern(reader.bytes, reader.pos, textEnd);
    reader.pos = textEnd;
    return id;
  }

  /** Reads an enum; a number beyond `max` is kept as 0, because proto3 enums are open. */
  protected enum(end: number, max: number): number {
    const reader = this.reader;
    reader.readVarint(end);
    return reader.high === 0 && reader.low <= max ? reader.low : 0;
  }
}
