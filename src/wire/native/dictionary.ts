import type { StringTable } from '../../model/string-table.ts';

/** The distinct strings of one LowCardinality column of one block, and the rows as indexes into them. */
export interface Dictionary {
  /** String ids in the order of their first use. */
  readonly keys: Uint32Array;
  readonly indexes: Uint32Array;
  /** SerializationLowCardinality index type: 0 UInt8, 1 UInt16, 2 UInt32. */
  readonly indexType: 0 | 1 | 2;
  /** Bytes of an index as it is written. */
  readonly indexWidth: 1 | 2 | 4;
}

/** Reused between columns and blocks, so that memory for a large string table is not cleared for each; all zero between uses. */
export interface DictionaryScratch {
  indexes: Uint32Array;
}

/** Makes a dictionary of only the ids that are used; one pass, no hashing: ids are dense. */
export function buildDictionary(ids: Uint32Array, strings: StringTable, scratch: DictionaryScratch): Dictionary {
  if (scratch.indexes.length < strings.size) scratch.indexes = new Uint32Array(strings.size * 2);
  // Holds index + 1, so that zero means unused.
  const seen = scratch.indexes;
  const indexes = new Uint32Array(ids.length);
  let keys = new Uint32Array(64);
  let used = 0;
  for (let row = 0; row < ids.length; row += 1) {
    const id = ids[row] ?? 0;
    let index = seen[id] ?? 0;
    if (index === 0) {
      if (used === keys.length) {
        const grown = new Uint32Array(used * 2);
        grown.set(keys);
        keys = grown;
      }
      keys[used] = id;
      used += 1;
      index = used;
      seen[id] = index;
    }
    indexes[row] = index - 1;
  }
  keys = keys.subarray(0, used);
  for (let index = 0; index < used; index += 1) seen[keys[index] ?? 0] = 0;
  if (used <= 0x100) return { keys, indexes, indexType: 0, indexWidth: 1 };
  if (used <= 0x10000) return { keys, indexes, indexType: 1, indexWidth: 2 };
  return { keys, indexes, indexType: 2, indexWidth: 4 };
}
