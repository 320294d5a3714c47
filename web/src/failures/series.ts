import type { Failures } from '../../../src/api/contract/index.ts';
import { epochMs } from '../format/time.ts';

/** One bar of the chart: how many failures of each class began in the bucket at `at` (ms since the epoch). */
export interface Bar {
  readonly at: number;
  readonly timeout: number;
  readonly api_error: number;
  readonly other: number;
}

/** More bars than this are never drawn; the server chooses buckets so that there are fewer. */
const MAX_BARS = 400;

/**
 * Makes bars out of the points of the answer, with empty bars where nothing failed, from `fromMs` to `toMs` (ms since
 * the epoch). Buckets keep the phase of the points; without points there are no bars.
 */
export function failureBars(series: Failures['series'], fromMs: number, toMs: number): Bar[] {
  const { bucketMs, points } = series;
  const [first] = points;
  if (first === undefined || bucketMs <= 0) return [];
  const anchor = epochMs(first.at);
  const earliest = anchor - Math.max(0, Math.floor((anchor - fromMs) / bucketMs)) * bucketMs;
  const counts = new Map<number, Bar>();
  for (const point of points) {
    const slot = Math.round((epochMs(point.at) - earliest) / bucketMs);
    const before = counts.get(slot) ?? { at: earliest + slot * bucketMs, timeout: 0, api_error: 0, other: 0 };
    counts.set(slot, { ...before, [point.class]: before[point.class] + point.failures });
  }
  const last = Math.max(...counts.keys(), Math.floor((toMs - earliest) / bucketMs));
  const slots = Array.from({ length: Math.min(MAX_BARS, last + 1) }, (_, slot) => slot);
  return slots.map(
    (slot) => counts.get(slot) ?? { at: earliest + slot * bucketMs, timeout: 0, api_error: 0, other: 0 },
  );
}
