import { Pool } from 'pg';
import { sleep } from './clock.ts';
import { errorText, log } from './log.ts';

/** A pool of connections to a service's own database. */
export type Database = Pool;

/**
 * Connects, waiting for a server that is not up yet, and creates what is missing.
 * @param ddl statements that may run any number of times
 */
export async function openDatabase(url: string, ddl: string, signal: AbortSignal): Promise<Database> {
  const pool = new Pool({ connectionString: url, max: 8, connectionTimeoutMillis: 3000 });
  pool.on('error', (error) => log('-', `lost a PostgreSQL connection: ${errorText(error)}`));
  for (;;) {
    try {
      await pool.query(ddl);
      return pool;
    } catch (error) {
      log('-', `no PostgreSQL yet: ${errorText(error)}; trying again`);
      await sleep(1000, signal);
    }
  }
}
