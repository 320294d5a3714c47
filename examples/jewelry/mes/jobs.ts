import { createHash } from 'node:crypto';
import type { Database } from '../database.ts';
import { type FaultKind, faultNamed, type Status } from '../faults.ts';

/** The MES's own tables. A job is RECEIVED until it has a price. */
export const ddl = `
  CREATE TABLE IF NOT EXISTS jobs (
    job_id text PRIMARY KEY,
    order_id text NOT NULL UNIQUE,
    status text NOT NULL DEFAULT 'RECEIVED',
    price numeric,
    approved boolean NOT NULL DEFAULT false,
    approve_attempts integer NOT NULL DEFAULT 0,
    shop_told boolean NOT NULL DEFAULT false,
    demo_fault text,
    changed_at timestamptz NOT NULL DEFAULT now()
  );
  CREATE TABLE IF NOT EXISTS refused (
    order_id text PRIMARY KEY,
    reason text NOT NULL
  )`;

/** A job of the MES; one order is one job. */
export type Job = {
  readonly jobId: string;
  readonly orderId: string;
  readonly status: Status | 'RECEIVED';
  readonly price: number | null;
  readonly approved: boolean;
  /** The message about the shipping has left. */
  readonly shopTold: boolean;
  readonly fault: FaultKind | null;
  /** Of the last change, in milliseconds of the epoch. */
  readonly changedAt: number;
};

type Row = {
  job_id: string;
  order_id: string;
  status: Job['status'];
  price: string | null;
  approved: boolean;
  shop_told: boolean;
  demo_fault: string | null;
  changed_at: Date;
};

/** The MES's own number for an order; it says nothing about the order's id. */
export function jobIdOf(orderId: string): string {
  return `MJ-${createHash('sha256').update(orderId).digest('hex').slice(0, 10).toUpperCase()}`;
}

/** The MES's jobs in PostgreSQL. What changes a status says whether it did. */
export class Jobs {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Creates the job of an order, or finds it when the message came before. */
  async open(orderId: string, fault: FaultKind | null): Promise<Job> {
    const sql = 'INSERT INTO jobs (job_id, order_id, demo_fault) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING';
    await this.#did(sql, [jobIdOf(orderId), orderId, fault]);
    const job = await this.find(jobIdOf(orderId));
    if (job === null) throw new Error(`the job of order ${orderId} could not be created`);
    return job;
  }

  async setPrice(jobId: string, price: number): Promise<boolean> {
    const sql = `UPDATE jobs SET status = 'PRICE_CALCULATED', price = $2, changed_at = now()
      WHERE job_id = $1 AND status = 'RECEIVED'`;
    return this.#did(sql, [jobId, price]);
  }

  /** Counts an attempt to approve and returns how many there were, this one included; 0 when there is no such job. */
  async countApproval(jobId: string): Promise<number> {
    const sql = 'UPDATE jobs SET approve_attempts = approve_attempts + 1 WHERE job_id = $1 RETURNING approve_attempts';
    const { rows } = await this.#db.query<{ approve_attempts: number }>(sql, [jobId]);
    return rows[0]?.approve_attempts ?? 0;
  }

  async approve(jobId: string): Promise<boolean> {
    const sql = 'UPDATE jobs SET approved = true, changed_at = now() WHERE job_id = $1 AND NOT approved';
    return this.#did(sql, [jobId]);
  }

  async advance(jobId: string, from: readonly Status[], to: Status): Promise<boolean> {
    const sql = 'UPDATE jobs SET status = $3, changed_at = now() WHERE job_id = $1 AND status = ANY($2) AND approved';
    return this.#did(sql, [jobId, from, to]);
  }

  async markShopTold(jobId: string): Promise<boolean> {
    return this.#did('UPDATE jobs SET shop_told = true WHERE job_id = $1', [jobId]);
  }

  /** Remembers that the message about an order could not be read. */
  async refuse(orderId: string, reason: string): Promise<boolean> {
    return this.#did('INSERT INTO refused (order_id, reason) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
      orderId,
      reason,
    ]);
  }

  async refused(orderIds: readonly string[]): Promise<string[]> {
    const sql = 'SELECT order_id FROM refused WHERE order_id = ANY($1)';
    const { rows } = await this.#db.query<{ order_id: string }>(sql, [orderIds]);
    return rows.map((row) => row.order_id);
  }

  async find(jobId: string): Promise<Job | null> {
    return (await this.#jobs('WHERE job_id = $1', [jobId]))[0] ?? null;
  }

  async ofOrders(orderIds: readonly string[]): Promise<Job[]> {
    return this.#jobs('WHERE order_id = ANY($1)', [orderIds]);
  }

  /** What the operators have to do, the oldest first, at most 200. A forgotten job is on nobody's list any more. */
  async waitingForOperator(): Promise<Job[]> {
    return this.#jobs(
      `WHERE approved AND NOT shop_told
        AND NOT (status = 'MANUFACTURING_STARTED' AND demo_fault IS NOT DISTINCT FROM $1)
        ORDER BY changed_at LIMIT 200`,
      ['operator_forgot' satisfies FaultKind],
    );
  }

  async #jobs(where: string, values: readonly unknown[]): Promise<Job[]> {
    const columns = 'job_id, order_id, status, price, approved, shop_told, demo_fault, changed_at';
    const { rows } = await this.#db.query<Row>(`SELECT ${columns} FROM jobs ${where}`, [...values]);
    return rows.map((row) => ({
      jobId: row.job_id,
      orderId: row.order_id,
      status: row.status,
      price: row.price === null ? null : Number(row.price),
      approved: row.approved,
      shopTold: row.shop_told,
      fault: faultNamed(row.demo_fault),
      changedAt: row.changed_at.getTime(),
    }));
  }

  async #did(sql: string, values: readonly unknown[]): Promise<boolean> {
    return ((await this.#db.query(sql, [...values])).rowCount ?? 0) > 0;
  }
}
