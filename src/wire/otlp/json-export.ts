import { isUtf8 } from 'node:buffer';
import type { KeyValueTable } from '../../model/key-value-table.ts';
import type { DecodeTally } from './decode-tally.ts';
import { JsonKeyValues } from './json-key-values.ts';
import { failJson, type JsonObject, parseJson, readArray, readObject, readString } from './json-shape.ts';
import type { DecodeLimits } from './limits.ts';
import type { OriginBuilder } from './origin-builder.ts';
import { RawCache, TextInterner } from './text-interner.ts';

/** How a signal's members are called. */
interface ExportNames {
  readonly resources: string;
  readonly scopes: string;
  readonly items: string;
}

/** Walks an export request in OTLP/JSON down to its items, which a subclass reads; see ProtobufExportDecoder. */
export abstract class JsonExportDecoder {
  /** Where ids are put for the builder to copy. */
  protected readonly ids: Uint8Array;
  protected readonly texts: TextInterner;
  protected readonly keyValues: JsonKeyValues;
  abstract readonly builder: OriginBuilder;
  readonly #tally: DecodeTally;
  readonly #names: ExportNames;

  constructor(
    table: KeyValueTable,
    parts: { limits: DecodeLimits; tally: DecodeTally; scratchBytes: number; names: ExportNames },
  ) {
    this.ids = new Uint8Array(parts.scratchBytes);
    this.texts = new TextInterner(table.strings, new RawCache(0), parts.limits.maxValueBytes, parts.tally);
    this.keyValues = new JsonKeyValues(table, this.texts, parts.limits, parts.tally);
    this.#tally = parts.tally;
    this.#names = parts.names;
  }

  /** Reads one item. */
  protected abstract item(item: JsonObject): void;

  walk(body: Uint8Array): void {
    if (!isUtf8(body)) this.#tally.invalidUtf8 += 1;
    const request = readObject(parseJson(body), 'the request');
    if (request === undefined) failJson('the request', 'expected an object');
    const { resources } = this.#names;
    for (const element of readArray(request[resources], resources)) this.#addResources(element);
  }

  #addResources(value: unknown): void {
    const { builder } = this;
    const { resources, scopes } = this.#names;
    const element = readObject(value, resources);
    if (element === undefined) return;
    const resource = readObject(element['resource'], `${resources}.resource`) ?? {};
    builder.beginResource();
    builder.resourceSchemaUrlId = this.text(element['schemaUrl'], `${resources}.schemaUrl`);
    const path = `${resources}.resource.attributes`;
    for (const attribute of readArray(resource['attributes'], path)) {
      if (builder.takesResourceAttribute()) builder.resourceAttributes.push(this.keyValues.read(attribute, path));
    }
    for (const scope of readArray(element[scopes], `${resources}.${scopes}`)) this.#addScopes(scope);
  }

  #addScopes(value: unknown): void {
    const { builder } = this;
    const { resources, scopes, items } = this.#names;
    const element = readObject(value, `${resources}.${scopes}`);
    if (element === undefined) return;
    const scopePath = `${resources}.${scopes}.scope`;
    const scope = readObject(element['scope'], scopePath) ?? {};
    builder.beginScope();
    builder.scopeNameId = this.text(scope['name'], `${scopePath}.name`);
    builder.scopeVersionId = this.text(scope['version'], `${scopePath}.version`);
    const path = `${scopePath}.attributes`;
    for (const attribute of readArray(scope['attributes'], path)) {
      if (builder.takesScopeAttribute()) builder.scopeAttributes.push(this.keyValues.read(attribute, path));
    }
    const itemPath = `${resources}.${scopes}.${items}`;
    for (const item of readArray(element[items], itemPath)) this.item(readObject(item, itemPath) ?? {});
  }

  protected text(value: unknown, path: string): number {
    return this.texts.internText(readString(value, path));
  }

  /** Puts a hex id into the scratch and returns its length in bytes; -1 for text that is no id of that width. */
  protected id(value: unknown, at: number, width: number, path: string): number {
    const hex = readString(value, path);
    if (hex === '') return 0;
    if (hex.length !== width * 2) return -1;
    for (let index = 0; index < width; index += 1) {
      const byte = hexDigit(hex.charCodeAt(index * 2)) * 16 + hexDigit(hex.charCodeAt(index * 2 + 1));
      if (Number.isNaN(byte)) return -1;
      this.ids[at + index] = byte;
    }
    return width;
  }
}

/** Value of a hexadecimal digit in either case (OTLP/JSON: hex ids are case-insensitive); NaN for anything else. */
function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : Number.NaN;
}
