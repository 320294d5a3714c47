import { KeyValueTable } from '../../model/key-value-table.ts';

// A table beyond these sizes is left to the batches that use it and a new one is started.
const MAX_TABLE_BYTES = 4 * 1024 * 1024;
const MAX_TABLE_ENTRIES = 50_000;

/** The table that the requests of one intake are decoded into, one after another, so that what repeats is decided once. */
export class CurrentTable {
  #table = new KeyValueTable();

  /** The table for the next request; a new one where the last has grown too large. */
  get(): KeyValueTable {
    const table = this.#table;
    const { strings } = table;
    if (strings.byteLength > MAX_TABLE_BYTES || strings.size > MAX_TABLE_ENTRIES || table.size > MAX_TABLE_ENTRIES) {
      this.#table = new KeyValueTable();
    }
    return this.#table;
  }
}
