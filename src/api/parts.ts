import type { Consumer } from '../model/consumer.ts';
import type { UnixNano } from '../model/units.ts';
import type { Queries } from '../query/queries.ts';
import type { BrokerStatus, Health, System } from './contract/system.ts';

/** The tracer of a virtual host of RabbitMQ. */
export interface TracedVhost {
  readonly status: BrokerStatus;
  /** Since when it runs without a break; nanoseconds. */
  readonly followedSince: UnixNano;
  readonly queues: readonly {
    readonly queue: string;
    readonly seen: number;
    readonly counted: number;
    readonly share: number | null;
  }[];
}

/** A virtual host of a configured broker. */
export interface ReplayPlace {
  readonly broker: string;
  readonly vhost: string;
}

/** Puts dead letters back. */
export interface ReplayDesk {
  /** Virtual hosts where it may be done; empty where it is switched off. */
  readonly places: readonly ReplayPlace[];
  /**
   * Puts one back and writes down who did it, before and after. Throws `forbidden`, `not_found`, `conflict`, `overloaded`, and what the store
   * throws where it cannot be written down: then nothing was done.
   */
  replay(request: { readonly id: string; readonly token: string | undefined; readonly by: string }): Promise<{
    readonly queue: string;
    readonly originQueue: string;
    readonly lookedAt: number;
    readonly auditId: string;
  }>;
}

/** What the API needs of the rest of Waybill. */
export interface ApiParts {
  readonly queries: Queries;
  /** Where reported transitions go: the pipeline. Resolves when they are durable. */
  readonly next: Consumer;
  readonly now: () => UnixNano;
  /** Waybill's own condition. */
  readonly system: () => Promise<System>;
  /** The tracers of RabbitMQ, one per configured virtual host. */
  readonly rabbitmq: () => readonly TracedVhost[];
  readonly replays: ReplayDesk;
  /** Whether requests can be answered in full. */
  readonly readiness: () => Promise<Health>;
  /** Folder of the built web application; undefined where it was not built. */
  readonly webRoot: string | undefined;
  /** Host names besides localhost and IP addresses under which browsers may reach the server. */
  readonly allowedHosts: readonly string[];
  readonly version: string;
  /** Told about unexpected errors. */
  readonly onError: (error: unknown, requestId: string) => void;
}
