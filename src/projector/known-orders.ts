import { z } from 'zod';
import type { EvidenceKind, StatusFact } from '../model/order.ts';
import type { StoreClient } from '../store/client.ts';
import { ORDERS } from '../store/order-set.ts';
import { toDateTime64 } from '../store/time.ts';
import type { OrderMaterial } from './read-orders.ts';

/** A piece of evidence as column `visit_evidence` of `orders` holds it; times are nanoseconds as decimal text. */
export interface KeptEvidence {
  readonly kind: EvidenceKind;
  readonly id: string;
  readonly source: string;
  readonly sourceVersion?: string | undefined;
  readonly occurredAt: string;
  readonly observedAt: string;
  readonly sequence: number;
  readonly traceId: string | null;
  readonly spanId: string | null;
}

/** An order as its row tells it: everything that its last fold was made of. */
export interface KnownOrder {
  /** Of the lifecycle that judged it. */
  readonly digest: string;
  readonly hasFailures: boolean;
  readonly material: OrderMaterial;
}

type KnownColumns = readonly [
  digest: string,
  failures: string,
  firstObservedMs: string,
  aliases: string[],
  names: string[],
  values: string[],
  times: string[],
  statuses: string[],
  evidence: string[],
];

const knownRow = z.object({ order_id: z.string(), revision: z.string(), content: z.string(), known: z.string() });

/** The row of an order, not yet taken apart: thousands are read at a time, and as objects they would all be alive at once. */
export interface KnownRow {
  readonly revision: bigint;
  /** Hash of the row. */
  readonly content: string;
  /** JSON of KnownColumns. */
  readonly known: string;
}

/**
 * Reads the rows of orders. Without FINAL, which would merge every part for a few rows: of the rows that merges have not brought
 * together yet the one with the highest revision counts.
 *
 * Orders that have no row are missing from the answer.
 */
export async function readKnownRows(store: StoreClient, orderIds: readonly string[]): Promise<Map<string, KnownRow>> {
  const rows = await store.query(
    `SELECT order_id, toString(revision) AS revision, toString(content) AS content, toJSONString((lifecycle_digest, failure_at.size0,
       toUnixTimestamp64Milli(first_observed_at), aliases, attribute_names, attribute_values,
       arrayMap(at -> toUnixTimestamp64Nano(at), attribute_times), visit_statuses, visit_evidence)) AS known
     FROM orders WHERE order_id IN ${ORDERS}`,
    { orders: JSON.stringify(orderIds) },
    knownRow,
  );
  const latest = new Map<string, KnownRow>();
  for (const { order_id: orderId, revision, content, known } of rows) {
    const row = { revision: BigInt(revision), content, known };
    const other = latest.get(orderId);
    if (other === undefined || other.revision < row.revision) latest.set(orderId, row);
  }
  return latest;
}

/** Takes a row apart. */
export function toKnownOrder(orderId: string, { known }: KnownRow): KnownOrder {
  // The projector wrote these values itself; looking at each of them would cost more than the fold.
  const columns: KnownColumns = JSON.parse(known);
  const [digest, failures, firstObservedMs, aliases, names, values, times, statuses, evidence] = columns;
  return {
    digest,
    hasFailures: Number(failures) !== 0,
    material: {
      facts: statuses.flatMap((status, index) => factsOf(orderId, status, evidence[index] ?? '[]')),
      failures: [],
      aliases,
      attributes: new Map(
        names.map((name, index) => [name, { value: values[index] ?? '', occurredAt: BigInt(times[index] ?? '0') }]),
      ),
      firstObservedAtMs: Number(firstObservedMs),
    },
  };
}

/** The evidence of a visit as the facts it was made of. Which words named the order is not kept; the fold does not look at them. */
function factsOf(orderId: string, status: string, evidence: string): StatusFact[] {
  const order = { kind: 'order', orderId } as const;
  const pieces: readonly KeptEvidence[] = JSON.parse(evidence);
  return pieces.map(({ kind, id, source, sourceVersion, occurredAt, observedAt, sequence, traceId, spanId }) => ({
    order,
    status,
    occurredAt: BigInt(occurredAt),
    observedAt: BigInt(observedAt),
    source,
    sourceVersion: sourceVersion ?? '',
    evidenceKind: kind,
    evidenceId: id,
    sequence,
    traceId,
    spanId,
  }));
}

/**
 * The orders that the last process was writing when it ended. Kept in the store before the first insert of a fold, so that a crash
 * between the visits of an order and its row cannot go unnoticed.
 */
export class FoldsUnderWay {
  readonly #store: StoreClient;
  readonly #used = new Set<number>();

  constructor(store: StoreClient) {
    this.#store = store;
  }

  /** Orders whose rows may disagree; empty after an orderly stop. */
  async left(): Promise<string[]> {
    const rows = await this.#store.query(
      'SELECT argMax(order_ids, revision) AS orders FROM folds_under_way GROUP BY slot',
      {},
      z.object({ orders: z.array(z.string()) }),
    );
    return rows.flatMap(({ orders }) => orders);
  }

  /** Tells that orders are about to be written, in place of those that the slot was about before. */
  async begin(slot: number, revision: bigint, orderIds: readonly string[]): Promise<void> {
    this.#used.add(slot);
    await this.#write([{ slot, revision: String(revision), order_ids: orderIds }]);
  }

  /** Tells that nothing is being written any more. */
  async end(revision: bigint): Promise<void> {
    if (this.#used.size > 0) {
      await this.#write([...this.#used].map((slot) => ({ slot, revision: String(revision), order_ids: [] })));
    }
    this.#used.clear();
  }

  #write(rows: readonly Readonly<Record<string, unknown>>[]): Promise<void> {
    return this.#store.insertRows('folds_under_way', rows);
  }
}

/** Times of attributes as a row holds them, in the order of their names. */
export function attributeTimes(attributes: OrderMaterial['attributes']): string[] {
  return [...attributes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, { occurredAt }]) => toDateTime64(occurredAt));
}
