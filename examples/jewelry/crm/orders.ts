import type { Database } from '../database.ts';

/** The CRM's own tables: what the shop told, and what the MES told, which may come in any order. */
export const ddl = `
  CREATE TABLE IF NOT EXISTS orders (
    order_id text PRIMARY KEY,
    status text NOT NULL,
    customer_name text NOT NULL,
    customer_phone text NOT NULL,
    mes_told boolean NOT NULL DEFAULT false,
    mes_asked_at timestamptz
  );
  CREATE TABLE IF NOT EXISTS prices (
    order_id text PRIMARY KEY,
    job_id text NOT NULL,
    price numeric NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now()
  )`;

/** An order on the seller's list. */
export type SellersOrder = {
  readonly orderId: string;
  readonly status: string;
  /** Null while the MES has not priced it. */
  readonly jobId: string | null;
  /** The MES knows that it may be made. */
  readonly mesTold: boolean;
  /** Since when it waits for the seller, in milliseconds of the epoch; null while it does not. */
  readonly waitingSince: number | null;
};

type Row = {
  order_id: string;
  status: string;
  job_id: string | null;
  mes_told: boolean;
  waiting_since: Date | null;
};

const select = `SELECT o.order_id, o.status, o.mes_told, p.job_id,
    CASE WHEN NOT o.mes_told THEN coalesce(o.mes_asked_at, p.received_at) END AS waiting_since
  FROM orders o LEFT JOIN prices p USING (order_id)`;

/** The CRM's orders in PostgreSQL. What changes a status says whether it did. */
export class Orders {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async learn(orderId: string, name: string, phone: string): Promise<boolean> {
    const sql = `INSERT INTO orders (order_id, status, customer_name, customer_phone)
      VALUES ($1, 'SUBMITTED', $2, $3) ON CONFLICT DO NOTHING`;
    return this.#did(sql, [orderId, name, phone]);
  }

  async learnPrice(orderId: string, jobId: string, price: number): Promise<boolean> {
    const sql = 'INSERT INTO prices (order_id, job_id, price) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING';
    return this.#did(sql, [orderId, jobId, price]);
  }

  async approve(orderId: string): Promise<boolean> {
    const sql = `UPDATE orders SET status = 'MANUFACTURING_APPROVED' WHERE order_id = $1 AND status = 'SUBMITTED'`;
    return this.#did(sql, [orderId]);
  }

  async markMesAsked(orderId: string): Promise<boolean> {
    return this.#did('UPDATE orders SET mes_asked_at = now() WHERE order_id = $1', [orderId]);
  }

  async markMesTold(orderId: string): Promise<boolean> {
    return this.#did('UPDATE orders SET mes_told = true WHERE order_id = $1', [orderId]);
  }

  async close(orderId: string): Promise<boolean> {
    const sql = `UPDATE orders SET status = 'CLOSED' WHERE order_id = $1 AND status = 'MANUFACTURING_APPROVED'`;
    return this.#did(sql, [orderId]);
  }

  async list(orderIds: readonly string[]): Promise<SellersOrder[]> {
    return this.#rows(`${select} WHERE o.order_id = ANY($1)`, [orderIds]);
  }

  /** Priced orders the MES may not make yet, the oldest first, at most 100. */
  async waitingForSeller(): Promise<SellersOrder[]> {
    return this.#rows(`${select} WHERE NOT o.mes_told AND p.job_id IS NOT NULL ORDER BY p.received_at LIMIT 100`, []);
  }

  async #rows(sql: string, values: readonly unknown[]): Promise<SellersOrder[]> {
    const { rows } = await this.#db.query<Row>(sql, [...values]);
    return rows.map((row) => ({
      orderId: row.order_id,
      status: row.status,
      jobId: row.job_id,
      mesTold: row.mes_told,
      waitingSince: row.waiting_since?.getTime() ?? null,
    }));
  }

  async #did(sql: string, values: readonly unknown[]): Promise<boolean> {
    return ((await this.#db.query(sql, [...values])).rowCount ?? 0) > 0;
  }
}
