import type { KeyValueTable } from '../model/key-value-table.ts';

/**
 * What a stage decided about each distinct key-value, kept as long as the table lives.
 *
 * The decision is made once per distinct key-value and then read by its number, which is what keeps redaction and binding
 * nearly free per span.
 */
export class Verdicts<T> {
  readonly #decide: (table: KeyValueTable, id: number) => T;
  readonly #byTable = new WeakMap<KeyValueTable, (T | undefined)[]>();

  constructor(decide: (table: KeyValueTable, id: number) => T) {
    this.#decide = decide;
  }

  /** Returns a reader of the verdicts over one table. */
  over(table: KeyValueTable): (id: number) => T {
    let known = this.#byTable.get(table);
    if (known === undefined) {
      known = [];
      this.#byTable.set(table, known);
    }
    const verdicts = known;
    return (id) => {
      const verdict = verdicts[id];
      if (verdict !== undefined) return verdict;
      const decided = this.#decide(table, id);
      verdicts[id] = decided;
      return decided;
    };
  }
}
