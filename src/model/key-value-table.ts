import { StringTable } from './string-table.ts';

/** OTLP AnyValue types as they are stored; the numbers are the store's Enum8 values. */
export const VALUE_TYPES = ['empty', 'string', 'bool', 'int', 'double', 'array', 'kvlist', 'bytes'] as const;
export type ValueType = (typeof VALUE_TYPES)[number];

/** Numbers of the value types, for columns. */
export const VALUE_TYPE = {
  empty: 0,
  string: 1,
  bool: 2,
  int: 3,
  double: 4,
  array: 5,
  kvlist: 6,
  bytes: 7,
} as const satisfies Record<ValueType, number>;

const INITIAL_ENTRIES = 1024;

/**
 * Distinct key-values (key, type, value), each named by a small number, so that redaction and binding are decided once per distinct one.
 *
 * A value is kept as its canonical text: strings as they are, bool `true`/`false`, int and double in decimal, array and kvlist as JSON,
 * bytes as base64, empty as nothing. Ids are dense and never change.
 */
export class KeyValueTable {
  /** Keys, values and every other string of the batches that share this table. */
  readonly strings = new StringTable();
  #keyIds = new Uint32Array(INITIAL_ENTRIES);
  #valueIds = new Uint32Array(INITIAL_ENTRIES);
  #types = new Uint8Array(INITIAL_ENTRIES);
  #size = 0;
  #slots = new Int32Array(INITIAL_ENTRIES * 2).fill(-1);

  /** Number of distinct key-values. */
  get size(): number {
    return this.#size;
  }

  /** Names the key-value made of interned strings and a type number. */
  intern(keyId: number, type: number, valueId: number): number {
    const mask = this.#slots.length - 1;
    let slot = this.#hash(keyId, type, valueId) & mask;
    for (;;) {
      const id = this.#slots[slot] ?? -1;
      if (id < 0) break;
      if (this.#keyIds[id] === keyId && this.#valueIds[id] === valueId && this.#types[id] === type) return id;
      slot = (slot + 1) & mask;
    }
    if (this.#size === this.#keyIds.length) this.#grow();
    const id = this.#size;
    this.#keyIds[id] = keyId;
    this.#valueIds[id] = valueId;
    this.#types[id] = type;
    this.#slots[slot] = id;
    this.#size += 1;
    if (this.#size * 2 > this.#slots.length) this.#rehash();
    return id;
  }

  /** Names a key-value given as text; for stages that replace a value, and for tests. */
  internText(key: string, type: ValueType, value: string): number {
    return this.intern(this.strings.internText(key), VALUE_TYPE[type], this.strings.internText(value));
  }

  keyId(id: number): number {
    return this.#keyIds[id] ?? 0;
  }

  valueId(id: number): number {
    return this.#valueIds[id] ?? 0;
  }

  typeOf(id: number): number {
    return this.#types[id] ?? 0;
  }

  /** The key as text, decoded once. */
  key(id: number): string {
    return this.strings.text(this.keyId(id));
  }

  /** The value as canonical text, decoded once. */
  value(id: number): string {
    return this.strings.text(this.valueId(id));
  }

  #hash(keyId: number, type: number, valueId: number): number {
    let hash = Math.imul(keyId + 1, 0x9e3779b1) ^ Math.imul(valueId + 1, 0x85ebca6b) ^ type;
    hash ^= hash >>> 15;
    return Math.imul(hash, 0xc2b2ae35) >>> 0;
  }

  #grow(): void {
    const length = this.#keyIds.length * 2;
    const keyIds = new Uint32Array(length);
    const valueIds = new Uint32Array(length);
    const types = new Uint8Array(length);
    keyIds.set(this.#keyIds);
    valueIds.set(this.#valueIds);
    types.set(this.#types);
    this.#keyIds = keyIds;
    this.#valueIds = valueIds;
    this.#types = types;
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2).fill(-1);
    const mask = slots.length - 1;
    for (let id = 0; id < this.#size; id += 1) {
      let slot = this.#hash(this.keyId(id), this.typeOf(id), this.valueId(id)) & mask;
      while ((slots[slot] ?? -1) >= 0) slot = (slot + 1) & mask;
      slots[slot] = id;
    }
    this.#slots = slots;
  }
}
