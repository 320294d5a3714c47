import type { StatusBreakdown, VisitBreakdown } from '../../../src/api/contract/index.ts';
import { formatPercent } from '../format/number.ts';
import type { Language } from '../i18n/language.ts';

/** A part of the time that an order spends in a status. */
export type Part = {
  readonly ms: number;
  /** Of the whole time; parallel work may bring the sum of all shares above 1. */
  readonly share: number;
} & ({ readonly kind: 'service'; readonly service: string } | { readonly kind: 'external' | 'queue' | 'idle' });

/** The kinds of parts beside services, in the order in which they are drawn. */
export const OTHER_PARTS = ['external', 'queue', 'idle'] as const;

interface Times {
  readonly services: readonly { readonly service: string; readonly ms: number }[];
  readonly external: number;
  readonly queue: number;
  readonly idle: number;
}

/** The parts of a visit in the order in which they are drawn: work first, idle time last; empty ones left out. */
export function visitParts({ services, externalMs, queueMs, idleMs }: VisitBreakdown, lengthMs: number): Part[] {
  return toParts({ services, external: externalMs, queue: queueMs, idle: idleMs }, lengthMs);
}

/** The parts of an average visit to a status. */
export function meanParts(found: StatusBreakdown): Part[] {
  const services = found.services.map(({ service, meanMs }) => ({ service, ms: meanMs }));
  const { externalMeanMs, queueMeanMs, idleMeanMs, meanMs } = found;
  return toParts({ services, external: externalMeanMs, queue: queueMeanMs, idle: idleMeanMs }, meanMs);
}

/** The largest parts, largest first. */
export function largest(parts: readonly Part[], count: number): Part[] {
  return parts.toSorted((a, b) => b.ms - a.ms).slice(0, count);
}

/** A share in per cent that neither hides what is little nor rounds up to everything: `< 0.1 %`, `99.7 %`. */
export function formatShare(share: number, language: Language): string {
  if (share > 0 && share < 0.0005) return `<\u00a0${formatPercent(0.001, language)}`;
  if (share < 0.99 || share >= 1) return formatPercent(share, language);
  const below = Math.floor(share * 1000) / 1000;
  return new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 1 }).format(below);
}

function toParts(times: Times, lengthMs: number): Part[] {
  const share = (ms: number): number => (lengthMs > 0 ? ms / lengthMs : 0);
  const parts: Part[] = [
    ...times.services.map(({ service, ms }) => ({ kind: 'service' as const, service, ms, share: share(ms) })),
    ...OTHER_PARTS.map((kind) => ({ kind, ms: times[kind], share: share(times[kind]) })),
  ];
  return parts.filter(({ ms }) => ms > 0);
}
