import { z } from 'zod';
import type { StoreClient } from '../store/client.ts';
import { QUICK } from '../store/quick-settings.ts';
import { type TypedAttribute, toAttributes } from './typed-attributes.ts';

/** Resources that are remembered; a service that starts anew is another one. */
const MAX_KNOWN = 10_000;

const texts = z.array(z.string());
const resourceRow = z.object({
  resource: z.string(),
  attribute_keys: texts,
  attribute_types: z.array(z.number()),
  attribute_values: texts,
});

/** What resources are described by. A resource's id is the hash of that, so it is read once: to ask costs half as much as a whole trace. */
export class Resources {
  readonly #store: StoreClient;
  /** The one that was asked for last at the end. */
  readonly #known = new Map<string, readonly TypedAttribute[]>();

  constructor(store: StoreClient) {
    this.#store = store;
  }

  /** The attributes of resources by their ids, decimal; those that the store does not know are left out. */
  async read(ids: Iterable<string>): Promise<Record<string, TypedAttribute[]>> {
    const wanted = [...new Set(ids)];
    const found = new Map<string, readonly TypedAttribute[]>();
    for (const id of wanted) {
      const known = this.#known.get(id);
      if (known !== undefined) found.set(id, known);
    }
    const missing = wanted.filter((id) => !found.has(id));
    for (const [id, attributes] of await this.#ask(missing)) found.set(id, attributes);
    for (const [id, attributes] of found) this.#remember(id, attributes);
    return Object.fromEntries([...found].map(([id, attributes]) => [id, [...attributes]]));
  }

  async #ask(ids: readonly string[]): Promise<[id: string, attributes: TypedAttribute[]][]> {
    if (ids.length === 0) return [];
    const rows = await this.#store.query(
      `SELECT toString(resource_id) AS resource, attribute_keys, attribute_types, attribute_values
       FROM resources WHERE resource_id IN {ids:Array(UInt64)} LIMIT 1 BY resource_id SETTINGS ${QUICK}`,
      { ids: ids.map(BigInt) },
      resourceRow,
    );
    return rows.map((row) => [
      row.resource,
      toAttributes(row.attribute_keys, row.attribute_types, row.attribute_values),
    ]);
  }

  #remember(id: string, attributes: readonly TypedAttribute[]): void {
    this.#known.delete(id);
    this.#known.set(id, attributes);
    const [oldest] = this.#known.keys();
    if (this.#known.size > MAX_KNOWN && oldest !== undefined) this.#known.delete(oldest);
  }
}
