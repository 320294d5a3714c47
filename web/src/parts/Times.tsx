import { formatAge, formatDuration, formatDurationCompact } from '../format/duration.ts';
import { epochMs, formatDateTime, formatExact, formatRelative } from '../format/time.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { useCoarseNow, useNow } from './NowProvider.tsx';

/** A point in time in the viewer's zone; every digit the sender gave shows on hover. */
export function Instant({ at, relative = false }: { readonly at: string; readonly relative?: boolean }) {
  const language = useLanguage();
  const now = useCoarseNow();
  const ms = epochMs(at);
  // The native tooltip, here and below: tables hold hundreds of times, and one component for each would cost frames.
  return (
    <time dateTime={at} className="wb-number" title={formatExact(at, language)}>
      {relative ? formatRelative(Math.min(ms, now), now, language) : formatDateTime(ms, now, language)}
    </time>
  );
}

/** A length of time with its unit; the exact number of milliseconds shows on hover. */
export function Duration({ ms, compact = false }: { readonly ms: number | null; readonly compact?: boolean }) {
  const language = useLanguage();
  if (ms === null) return <span className="wb-dim">—</span>;
  return (
    <span
      className="wb-number"
      title={`${new Intl.NumberFormat(language, { maximumFractionDigits: 6 }).format(ms)} ms`}
    >
      {compact ? formatDurationCompact(ms, language) : formatDuration(ms, language)}
    </span>
  );
}

/** The time since a point, ticking; the point itself shows on hover. */
export function Age({ since }: { readonly since: string }) {
  const language = useLanguage();
  const now = useNow();
  return (
    <span className="wb-number" title={formatExact(since, language)}>
      {formatAge(Math.max(0, now - epochMs(since)), language)}
    </span>
  );
}
