import { z } from 'zod';
import { SPAN_KINDS, type SpanKind } from '../../model/span-parents.ts';
import type { StoreClient } from '../../store/client.ts';

/** Most services that are listed. */
export const MAX_SERVICES = 1_000;
/** Most operations of a service that are listed. */
export const MAX_OPERATIONS = 5_000;

const serviceRow = z.object({ service: z.string() });
const operationRow = z.object({ name: z.string(), kinds: z.array(z.number()) });

/** An operation: spans of one name. */
export interface Operation {
  readonly name: string;
  /** The kinds of its spans. */
  readonly kinds: readonly SpanKind[];
}

/** Services that sent spans within the retention, by name. */
export async function listServices(store: StoreClient): Promise<{ services: string[]; truncated: boolean }> {
  const rows = await store.query(
    `SELECT DISTINCT service FROM operations ORDER BY service LIMIT ${MAX_SERVICES + 1}`,
    {},
    serviceRow,
  );
  const services = rows.slice(0, MAX_SERVICES).map(({ service }) => service);
  return { services, truncated: rows.length > MAX_SERVICES };
}

/** Operations of a service within the retention, by name. */
export async function listOperations(
  store: StoreClient,
  service: string,
): Promise<{ operations: Operation[]; truncated: boolean }> {
  const rows = await store.query(
    `SELECT name, arraySort(groupUniqArray(kind)) AS kinds FROM operations WHERE service = {service:String}
     GROUP BY name ORDER BY name LIMIT ${MAX_OPERATIONS + 1}`,
    { service },
    operationRow,
  );
  const operations = rows.slice(0, MAX_OPERATIONS).map(({ name, kinds }) => ({
    name,
    kinds: kinds.map((kind) => SPAN_KINDS[kind] ?? 'unspecified'),
  }));
  return { operations, truncated: rows.length > MAX_OPERATIONS };
}
