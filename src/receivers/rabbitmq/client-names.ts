import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientName } from './management.ts';

/** Connections whose names are remembered; the table starts anew beyond it. */
const MAX_NAMES = 20_000;
/** Connections that are asked for at the same time; others of the same batch get their name the next time. */
const MAX_LOOKUPS = 20;
/**
 * The plugin learns of a new connection only at its next round of statistics, 5 s apart by default. Whoever asks waits a second for it; what
 * comes later is asked for again with later batches.
 */
const ASK_AGAIN_MS = 250;
const MAX_WAIT_MS = 1000;
const MAX_ROUNDS = 8;

/** A connection as an event names it. */
export interface NamedConnection {
  /** Also the name by which the management plugin knows it; empty on old brokers. */
  readonly connection: string;
  readonly user: string;
  readonly vhost: string;
}

/**
 * Names the clients of a broker: the name that a client gave its connection, else its user and the product of its library, else user and
 * virtual host. Addresses are no names.
 */
export class ClientNames {
  readonly #lookUp: ((connection: string) => Promise<ClientName | undefined>) | undefined;
  readonly #known = new Map<string, string>();
  /** Rounds in which a connection was asked for and not found. */
  readonly #rounds = new Map<string, number>();

  /** @param lookUp asks the broker for a connection; undefined where it cannot be asked */
  constructor(lookUp: ((connection: string) => Promise<ClientName | undefined>) | undefined) {
    this.#lookUp = lookUp;
  }

  /** Asks for the connections that are not known yet. Never rejects: who cannot be asked for gets the last resort. */
  async learn(connections: Iterable<NamedConnection>): Promise<void> {
    const lookUp = this.#lookUp;
    if (lookUp === undefined) return;
    const unknown = new Map<string, NamedConnection>();
    for (const each of connections) {
      if (each.connection !== '' && !this.#known.has(each.connection)) unknown.set(each.connection, each);
    }
    if (this.#known.size + unknown.size > MAX_NAMES) this.#known.clear();
    const asked = [...unknown.values()].slice(0, MAX_LOOKUPS);
    const isNew = asked.some(({ connection }) => !this.#rounds.has(connection));
    const until = performance.now() + (isNew ? MAX_WAIT_MS : 0);
    for (;;) {
      await Promise.all(asked.map((each) => this.#ask(lookUp, each)));
      if (asked.every(({ connection }) => this.#known.has(connection)) || performance.now() >= until) break;
      await sleep(ASK_AGAIN_MS);
    }
    for (const each of asked) this.#countRound(each);
  }

  async #ask(lookUp: (connection: string) => Promise<ClientName | undefined>, each: NamedConnection): Promise<void> {
    if (this.#known.has(each.connection)) return;
    const found = await lookUp(each.connection).catch(() => undefined);
    if (found !== undefined) this.#known.set(each.connection, nameOf(found, each));
  }

  /** A connection that was never found is gone, or the plugin is away: it keeps the last resort. */
  #countRound(each: NamedConnection): void {
    const { connection } = each;
    const rounds = (this.#rounds.get(connection) ?? 0) + 1;
    if (this.#known.has(connection) || rounds >= MAX_ROUNDS) {
      this.#rounds.delete(connection);
      if (!this.#known.has(connection)) this.#known.set(connection, fallback(each));
      return;
    }
    if (this.#rounds.size >= MAX_NAMES) this.#rounds.clear();
    this.#rounds.set(connection, rounds);
  }

  /** The name as far as it is known. */
  name(connection: NamedConnection): string {
    return this.#known.get(connection.connection) ?? fallback(connection);
  }
}

function nameOf({ connectionName, product }: ClientName, connection: NamedConnection): string {
  if (connectionName !== undefined && connectionName !== '') return connectionName.slice(0, 256);
  if (product === undefined || product === '') return fallback(connection);
  return `${connection.user} (${product})`.slice(0, 256);
}

function fallback({ user, vhost }: NamedConnection): string {
  return `${user}@${vhost}`;
}
