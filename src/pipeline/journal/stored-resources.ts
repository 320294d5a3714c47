/** Resources that are remembered; beyond it the oldest are forgotten and written again. */
const MAX_REMEMBERED = 50_000;

/**
 * Ids of resources whose row this process has brought into the store, so that it need not be written with every request.
 *
 * An id is in it only after the segment with its row was loaded: a row that is left out is durable in the store. Nothing is
 * remembered across a restart, and a segment that the store refused adds nothing.
 */
export class StoredResources {
  readonly #ids = new Set<bigint>();
  readonly #limit: number;

  constructor(limit = MAX_REMEMBERED) {
    this.#limit = limit;
  }

  has(id: bigint): boolean {
    return this.#ids.has(id);
  }

  add(ids: Iterable<bigint>): void {
    for (const id of ids) {
      if (this.#ids.has(id)) continue;
      if (this.#ids.size >= this.#limit)
        for (const oldest of this.#ids) {
          this.#ids.delete(oldest);
          break;
        }
      this.#ids.add(id);
    }
  }
}
