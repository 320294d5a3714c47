import type { StatusFigures } from '../../../src/api/contract/index.ts';
import { formatDuration, formatDurationCompact } from '../format/duration.ts';
import type { Language } from '../i18n/language.ts';
import { type Health, targetHealth } from './health.ts';

/** The estimated p95 of a status as far as it is known; `atLeast` where too few visits have ended. Units ms. */
export type EstimatedP95 =
  | { readonly kind: 'known'; readonly ms: number; readonly lowMs: number | null; readonly highMs: number | null }
  | { readonly kind: 'atLeast'; readonly ms: number }
  | { readonly kind: 'unknown' };

/** Reads the estimated p95 out of the figures of a status. */
export function estimatedP95({ estimated }: Pick<StatusFigures, 'estimated'>): EstimatedP95 {
  const { p95Ms, p95LowMs, p95HighMs, p95AtLeastMs } = estimated;
  if (p95Ms !== null) return { kind: 'known', ms: p95Ms, lowMs: p95LowMs, highMs: p95HighMs };
  return p95AtLeastMs === null ? { kind: 'unknown' } : { kind: 'atLeast', ms: p95AtLeastMs };
}

/** Judges an estimate against the target: a lower bound can prove that it is missed, never that it is met. */
export function estimateHealth(estimate: EstimatedP95, targetMs: number | null): Health {
  if (estimate.kind === 'known') return targetHealth(estimate.ms, targetMs);
  if (estimate.kind === 'atLeast' && targetMs !== null && estimate.ms > targetMs) return 'over';
  return targetHealth(null, targetMs);
}

/** Writes the estimate: `3.2 s`, `≥ 3.2 s`, or a dash. */
export function formatEstimate(estimate: EstimatedP95, language: Language, compact = false): string {
  if (estimate.kind === 'unknown') return '—';
  const text = (compact ? formatDurationCompact : formatDuration)(estimate.ms, language);
  return estimate.kind === 'known' ? text : `≥\u00a0${text}`;
}

/** Writes the 95 % interval without words: `2.4 s – 5 s`, `2.4 s – …` where no upper bound is known yet, or a dash. */
export function formatInterval(estimate: EstimatedP95, language: Language): string {
  if (estimate.kind !== 'known' || estimate.lowMs === null) return '—';
  const high = estimate.highMs === null ? '…' : formatDuration(estimate.highMs, language);
  return `${formatDuration(estimate.lowMs, language)} – ${high}`;
}
