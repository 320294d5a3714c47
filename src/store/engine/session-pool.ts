import { drainPending, Session } from 'chdb';
import { EngineException, EXCEPTION } from './exception.ts';
import { quoteName, quoteText } from './sql-text.ts';

/** One statement for the engine, with what belongs to it alone. */
export interface EngineQuery {
  readonly sql: string;
  readonly database: string | undefined;
  readonly format: string;
  readonly settings: ReadonlyMap<string, string>;
  /** Values of `{name:Type}` placeholders, escaped as over HTTP (TSV). */
  readonly parameters: ReadonlyMap<string, string>;
}

export interface EngineResult {
  readonly bytes: Uint8Array;
  readonly rowsRead: number;
  readonly bytesRead: number;
  readonly elapsedSeconds: number;
}

export interface SessionPoolOptions {
  readonly path: string;
  readonly connectionArgs: readonly string[];
  readonly readers: number;
  readonly writers: number;
  /** Statements that may wait for a session, per kind. */
  readonly maxWaiting: number;
  /** Settings that every session starts with. */
  readonly baseSettings: ReadonlyMap<string, string>;
  /** The engine reported an error after which this process is of no use. */
  readonly onFatal: () => void;
}

const SETTING_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const ENGINE_CODE = /Code: (\d+)\./;

/**
 * Sessions on one data directory. A session runs one statement after another, so parallel work needs several, and reads and writes
 * have their own so that neither waits for the other kind.
 *
 * Settings, database and parameters are set by statements in front of each query and stay in the session, not in the process:
 * chdb's own binding keeps parameters process-wide and therefore runs all bound queries one after another.
 */
export class SessionPool {
  readonly #reads: Lane;
  readonly #writes: Lane;

  constructor(options: SessionPoolOptions) {
    this.#reads = new Lane(options, options.readers);
    this.#writes = new Lane(options, options.writers);
  }

  /** Runs a statement; rejects with EngineException. */
  run(kind: 'read' | 'write', query: EngineQuery): Promise<EngineResult> {
    return (kind === 'read' ? this.#reads : this.#writes).run(query);
  }

  /** Closes the sessions. Statements MUST have ended: closing a connection under a running one kills the engine. */
  async close(): Promise<void> {
    await drainPending();
    this.#reads.close();
    this.#writes.close();
    await drainPending();
  }
}

class Lane {
  readonly #options: SessionPoolOptions;
  readonly #sessions: PooledSession[];
  readonly #idle: PooledSession[];
  readonly #waiting: ((session: PooledSession) => void)[] = [];

  constructor(options: SessionPoolOptions, size: number) {
    this.#options = options;
    this.#sessions = Array.from({ length: size }, () => new PooledSession(options));
    this.#idle = [...this.#sessions];
  }

  async run(query: EngineQuery): Promise<EngineResult> {
    const session = this.#idle.pop() ?? (await this.#wait());
    try {
      return await session.run(query);
    } catch (cause) {
      const exception = toException(cause);
      if (exception.code === EXCEPTION.aborted) this.#options.onFatal();
      throw exception;
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#idle.push(session);
      else next(session);
    }
  }

  close(): void {
    for (const session of this.#sessions) session.close();
  }

  #wait(): Promise<PooledSession> {
    if (this.#waiting.length >= this.#options.maxWaiting) {
      throw new EngineException(EXCEPTION.tooManyQueries, `More than ${this.#options.maxWaiting} queries wait`);
    }
    const { promise, resolve } = Promise.withResolvers<PooledSession>();
    this.#waiting.push(resolve);
    return promise;
  }
}

class PooledSession {
  readonly #session: Session;
  readonly #base: ReadonlyMap<string, string>;
  /** Settings as they are in the session; undefined for the engine's default or, after a failure, not known. */
  readonly #current = new Map<string, string | undefined>();
  #database: string | undefined;
  readonly #knownParameters = new Set<string>();

  constructor(options: SessionPoolOptions) {
    this.#session = new Session(options.path, { connectionArgs: options.connectionArgs });
    this.#base = options.baseSettings;
  }

  async run(query: EngineQuery): Promise<EngineResult> {
    this.#refuseForgottenParameters(query);
    const changes = this.#changes(query.settings);
    const prefix = this.#prefix(changes, query);
    const database = query.database ?? 'default';
    const use = database === this.#database ? '' : `USE ${quoteName(database)};\n`;
    // A statement that fails half-way may leave any of them as they were.
    for (const name of changes.keys()) this.#current.set(name, undefined);
    this.#database = undefined;
    const result = await this.#session.queryAsync(`${prefix}${use}${query.sql}`, { format: query.format });
    for (const [name, value] of changes) {
      if (value === undefined) this.#current.delete(name);
      else this.#current.set(name, value);
    }
    this.#database = database;
    return {
      bytes: result.bytes(),
      rowsRead: result.rowsRead,
      bytesRead: result.bytesRead,
      elapsedSeconds: result.elapsed,
    };
  }

  close(): void {
    this.#session.close();
  }

  /** What has to be set: what the query wants, and back what queries before it wanted; undefined for the engine's default. */
  #changes(settings: ReadonlyMap<string, string>): Map<string, string | undefined> {
    const wanted = new Map([...this.#base, ...settings]);
    const changes = new Map<string, string | undefined>();
    for (const name of this.#current.keys()) if (!wanted.has(name)) changes.set(name, undefined);
    for (const [name, value] of wanted) if (this.#current.get(name) !== value) changes.set(name, value);
    return changes;
  }

  #prefix(changes: ReadonlyMap<string, string | undefined>, query: EngineQuery): string {
    const settings = [...changes].map(([name, value]) => {
      if (!SETTING_NAME.test(name)) throw new EngineException(115, `Unknown setting '${name.slice(0, 100)}'.`);
      return `${name} = ${value === undefined ? 'DEFAULT' : quoteText(value)}`;
    });
    const parameters = [...query.parameters].map(([name, value]) => {
      if (!SETTING_NAME.test(name)) throw new EngineException(EXCEPTION.unknownParameter, 'Bad parameter name');
      this.#knownParameters.add(name);
      return `param_${name} = ${quoteText(value)}`;
    });
    // Settings in a statement of their own: `max_query_size` holds for the parameters, too, and only once it is set.
    return [settings, parameters].map((each) => (each.length === 0 ? '' : `SET ${each.join(', ')};\n`)).join('');
  }

  /** A session cannot forget a parameter; a query that forgot to give one must not get the value of another query. */
  #refuseForgottenParameters(query: EngineQuery): void {
    for (const [, name = ''] of query.sql.matchAll(/\{\s*([A-Za-z_]\w*)\s*:/g)) {
      if (query.parameters.has(name) || !this.#knownParameters.has(name)) continue;
      throw new EngineException(EXCEPTION.unknownParameter, `Substitution \`${name}\` is not set.`);
    }
  }
}

function toException(cause: unknown): EngineException {
  if (cause instanceof EngineException) return cause;
  const text = cause instanceof Error ? cause.message : String(cause);
  const code = Number(ENGINE_CODE.exec(text)?.[1] ?? EXCEPTION.unknown);
  const exception = new EngineException(code, text);
  // The engine's text is complete in itself.
  if (ENGINE_CODE.test(text)) exception.message = text;
  return exception;
}
