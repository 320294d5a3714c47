import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { processTree, threadSeconds } from '../../src/bench/processes.ts';
import { StoreClient } from '../../src/store/client.ts';
import { EmbeddedEngine } from '../../src/store/engine/supervisor.ts';

const MEMORY = 2 * 1024 ** 3;
/** As the store inserts: see insert-data.ts and client.ts. */
const INSERT_SETTINGS =
  'max_threads = 1, max_insert_threads = 1, input_format_parallel_parsing = 0, optimize_on_insert = 0';
/** Name of the threads that merge. */
const MERGE_THREAD = 'MergeMutate';

/** Seconds of CPU of an engine. */
export interface EngineCpu {
  readonly all: number;
  readonly merges: number;
}

interface Column {
  readonly name: string;
  readonly type: string;
}

/** An embedded engine with empty data, as Waybill runs it, in a process of its own. */
export class BenchEngine {
  readonly client: StoreClient;
  readonly directory: string;
  readonly #engine: EmbeddedEngine;

  private constructor(engine: EmbeddedEngine, client: StoreClient, directory: string) {
    this.#engine = engine;
    this.client = client;
    this.directory = directory;
  }

  static async start(): Promise<BenchEngine> {
    const directory = await mkdtemp(join(tmpdir(), 'waybill-schema-'));
    const engine = new EmbeddedEngine({
      directory: join(directory, 'store'),
      maxMemoryBytes: MEMORY,
      log: () => undefined,
    });
    const client = new StoreClient({ ...(await engine.start()), database: 'default' });
    return new BenchEngine(engine, client, directory);
  }

  get pid(): number {
    return this.#engine.pid ?? 0;
  }

  cpu(): EngineCpu {
    const all = processTree(this.pid).reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
    return { all, merges: threadSeconds(this.pid)[MERGE_THREAD] ?? 0 };
  }

  columns(table: string): Promise<Column[]> {
    return this.client.query<Column>(
      `SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = {table:String}
       AND default_kind NOT IN ('ALIAS', 'MATERIALIZED') ORDER BY position`,
      { table },
    );
  }

  /** Inserts a file in the Native format that holds these columns of a table. */
  async insertFile(table: string, columns: readonly Column[], file: string): Promise<void> {
    const names = columns.map(({ name }) => `\`${name}\``).join(', ');
    const structure = columns.map(({ name, type }) => `\`${name}\` ${type}`).join(', ');
    const quoted = structure.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
    await this.client.command(
      `INSERT INTO ${table} (${names}) SELECT ${names} FROM file('${file}', 'Native', '${quoted}', 'none') SETTINGS ${INSERT_SETTINGS}`,
    );
  }

  async stop(): Promise<void> {
    this.client.close();
    await this.#engine.stop();
    await rm(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }
}
