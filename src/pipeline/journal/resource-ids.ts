import { createHash } from 'node:crypto';
import type { KeyValueTable } from '../../model/key-value-table.ts';
import type { Resource } from '../../model/span-batch.ts';

/** Lists of attributes that are remembered per table; senders have one each, so more means that somebody makes them up. */
const MAX_REMEMBERED = 20_000;

interface Remembered {
  readonly attributes: Uint32Array;
  readonly schemaUrlId: number;
  readonly id: bigint;
  /** Another list with the same hash. */
  readonly next: Remembered | undefined;
}

/** What was computed lives as long as the table that its numbers point into. */
const remembered = new WeakMap<KeyValueTable, Map<number, Remembered>>();

/** The ids of a batch's resources, by their index: 64 bits of SHA-256 over the (redacted) key-values and the schema URL of each. */
export function resourceIdsOf({
  resources,
  table,
}: {
  readonly resources: readonly Resource[];
  readonly table: KeyValueTable;
}): bigint[] {
  let known = remembered.get(table);
  if (known === undefined || known.size >= MAX_REMEMBERED) {
    known = new Map();
    remembered.set(table, known);
  }
  const ids: bigint[] = [];
  for (const resource of resources) ids.push(idOf(resource, table, known));
  return ids;
}

function idOf(resource: Resource, table: KeyValueTable, known: Map<number, Remembered>): bigint {
  const { schemaUrlId } = resource;
  const attributes = resource.attributes.values;
  const slot = slotOf(attributes, schemaUrlId);
  const first = known.get(slot);
  for (let entry = first; entry !== undefined; entry = entry.next) {
    if (entry.schemaUrlId === schemaUrlId && areEqual(entry.attributes, attributes)) return entry.id;
  }
  const id = computedIdOf(resource, table);
  // Chains do not grow: of lists that collide the last ones are remembered.
  const next = first === undefined || first.next !== undefined ? undefined : first;
  known.set(slot, { attributes: attributes.slice(), schemaUrlId, id, next });
  return id;
}

function slotOf(attributes: Uint32Array, schemaUrlId: number): number {
  let hash = Math.imul(schemaUrlId + 1, 0x9e3779b1) ^ attributes.length;
  for (let index = 0; index < attributes.length; index += 1) {
    hash = Math.imul(hash ^ (attributes[index] ?? 0), 0x85ebca6b);
    hash ^= hash >>> 15;
  }
  return hash;
}

function areEqual(a: Uint32Array, b: Uint32Array): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index += 1) if (a[index] !== b[index]) return false;
  return true;
}

function computedIdOf(resource: Resource, table: KeyValueTable): bigint {
  const hash = createHash('sha256');
  const { strings } = table;
  const add = (stringId: number): void => {
    const length = strings.endOf(stringId) - strings.startOf(stringId);
    hash.update(Buffer.from(Uint32Array.of(length).buffer));
    hash.update(strings.arena.subarray(strings.startOf(stringId), strings.endOf(stringId)));
  };
  for (const id of resource.attributes.values) {
    add(table.keyId(id));
    hash.update(Uint8Array.of(table.typeOf(id)));
    add(table.valueId(id));
  }
  add(resource.schemaUrlId);
  return hash.digest().readBigUInt64LE(0);
}
