import type { Evidence } from '../model/order.ts';
import type { Lifecycle } from './definition.ts';

/**
 * Gives a function that tells whether a piece of evidence may say that an order entered a status.
 *
 * It may not when it comes from a span of a service that belongs to exactly one system of the lifecycle, and that system neither owns
 * the status nor is listed in its `reportedBy`. Services that no system lists, imports, messages and calls of the API may say anything,
 * and nothing is said against a status that the lifecycle does not know.
 */
export function reportersOf({
  systems,
  statuses,
}: Lifecycle): (status: string, piece: Pick<Evidence, 'evidenceKind' | 'source'>) => boolean {
  const systemsOf = new Map<string, string[]>();
  for (const { id, services } of systems) {
    for (const service of new Set(services)) systemsOf.set(service, [...(systemsOf.get(service) ?? []), id]);
  }
  const allowed = new Map(statuses.map(({ id, system, reportedBy }) => [id, new Set([system, ...reportedBy])]));
  return (status, { evidenceKind, source }) => {
    if (evidenceKind !== 'span_event' && evidenceKind !== 'span_attribute') return true;
    const [system, ...others] = systemsOf.get(source) ?? [];
    if (system === undefined || others.length > 0) return true;
    return allowed.get(status)?.has(system) ?? true;
  };
}
