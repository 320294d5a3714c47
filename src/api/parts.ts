import type { Consumer } from '../model/consumer.ts';
import type { UnixNano } from '../model/units.ts';
import type { Queries } from '../query/queries.ts';
import type { Health, System } from './contract/system.ts';

/** What the API needs of the rest of Waybill. */
export interface ApiParts {
  readonly queries: Queries;
  /** Where reported transitions go: the pipeline. Resolves when they are durable. */
  readonly next: Consumer;
  readonly now: () => UnixNano;
  /** Waybill's own condition. */
  readonly system: () => Promise<System>;
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
