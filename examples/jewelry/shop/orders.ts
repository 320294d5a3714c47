import type { Database } from '../database.ts';
import { type FaultKind, faultNamed } from '../faults.ts';

/** The shop's own tables. */
export const ddl = `
  CREATE TABLE IF NOT EXISTS orders (
    order_id text PRIMARY KEY,
    status text NOT NULL,
    customer_name text NOT NULL,
    customer_phone text NOT NULL,
    customer_email text NOT NULL,
    model bytea,
    model_reads integer NOT NULL DEFAULT 0,
    price numeric,
    sent boolean NOT NULL DEFAULT false,
    shipped boolean NOT NULL DEFAULT false,
    received boolean NOT NULL DEFAULT false,
    demo_fault text,
    created_at timestamptz NOT NULL DEFAULT now()
  )`;

/** Who ordered. */
export type Person = { readonly name: string; readonly phone: string; readonly email: string };

/** An order as the shop knows it, without its file. */
export type ShopOrder = {
  readonly orderId: string;
  readonly status: string;
  readonly person: Person;
  readonly modelBytes: number;
  readonly price: number | null;
  /** The message about the submitted order has left. */
  readonly sent: boolean;
  readonly shipped: boolean;
  readonly received: boolean;
  readonly fault: FaultKind | null;
};

type Row = {
  order_id: string;
  status: string;
  customer_name: string;
  customer_phone: string;
  customer_email: string;
  model_bytes: number;
  price: string | null;
  sent: boolean;
  shipped: boolean;
  received: boolean;
  demo_fault: string | null;
};

const columns = `order_id, status, customer_name, customer_phone, customer_email, price, sent, shipped, received,
  demo_fault, coalesce(octet_length(model), 0) AS model_bytes`;

/** The shop's orders in PostgreSQL. What changes a status says whether it did: a repeated request does not. */
export class Orders {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async create(orderId: string, person: Person, fault: FaultKind | null): Promise<boolean> {
    const sql = `INSERT INTO orders (order_id, status, customer_name, customer_phone, customer_email, demo_fault)
      VALUES ($1, 'INITIATED', $2, $3, $4, $5) ON CONFLICT DO NOTHING`;
    return this.#did(sql, [orderId, person.name, person.phone, person.email, fault]);
  }

  async upload(orderId: string, model: Buffer): Promise<boolean> {
    const sql = `UPDATE orders SET status = 'FILE_UPLOADED', model = $2 WHERE order_id = $1 AND status = 'INITIATED'`;
    return this.#did(sql, [orderId, model]);
  }

  async submit(orderId: string): Promise<boolean> {
    const sql = `UPDATE orders SET status = 'SUBMITTED' WHERE order_id = $1 AND status = 'FILE_UPLOADED'`;
    return this.#did(sql, [orderId]);
  }

  async markSent(orderId: string): Promise<boolean> {
    return this.#did('UPDATE orders SET sent = true WHERE order_id = $1', [orderId]);
  }

  async setPrice(orderId: string, price: number): Promise<boolean> {
    return this.#did('UPDATE orders SET price = $2 WHERE order_id = $1', [orderId, price]);
  }

  async markShipped(orderId: string): Promise<boolean> {
    return this.#did('UPDATE orders SET shipped = true WHERE order_id = $1', [orderId]);
  }

  async markReceived(orderId: string): Promise<boolean> {
    return this.#did('UPDATE orders SET received = true WHERE order_id = $1', [orderId]);
  }

  async find(orderId: string): Promise<ShopOrder | null> {
    return (await this.list([orderId]))[0] ?? null;
  }

  async list(orderIds: readonly string[]): Promise<ShopOrder[]> {
    const sql = `SELECT ${columns} FROM orders WHERE order_id = ANY($1)`;
    const { rows } = await this.#db.query<Row>(sql, [orderIds]);
    return rows.map((row) => ({
      orderId: row.order_id,
      status: row.status,
      person: { name: row.customer_name, phone: row.customer_phone, email: row.customer_email },
      modelBytes: row.model_bytes,
      price: row.price === null ? null : Number(row.price),
      sent: row.sent,
      shipped: row.shipped,
      received: row.received,
      fault: faultNamed(row.demo_fault),
    }));
  }

  /** The uploaded file, how often it was read before, and the order's fault; null when there is no file. */
  async readModel(orderId: string): Promise<{ model: Buffer; earlierReads: number; fault: FaultKind | null } | null> {
    const sql = `UPDATE orders SET model_reads = model_reads + 1 WHERE order_id = $1 AND model IS NOT NULL
      RETURNING model, model_reads, demo_fault`;
    const { rows } = await this.#db.query<{ model: Buffer; model_reads: number; demo_fault: string | null }>(sql, [
      orderId,
    ]);
    const row = rows[0];
    return row === undefined
      ? null
      : { model: row.model, earlierReads: row.model_reads - 1, fault: faultNamed(row.demo_fault) };
  }

  async #did(sql: string, values: readonly unknown[]): Promise<boolean> {
    return ((await this.#db.query(sql, [...values])).rowCount ?? 0) > 0;
  }
}
