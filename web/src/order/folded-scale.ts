/** A stretch of time on the axis: drawn to scale, or folded to a fixed width with its length written on it. */
export interface Segment {
  readonly kind: 'linear' | 'fold';
  /** Unit ms since the epoch. */
  readonly from: number;
  readonly to: number;
  /** Unit px. */
  readonly x: number;
  readonly width: number;
}

/** Real time with its long idle gaps folded. */
export interface FoldedScale {
  readonly segments: readonly Segment[];
  readonly width: number;
  /** Pixel of a point in time (ms since the epoch); clamped to the ends. */
  x(atMs: number): number;
}

/** Gaps shorter than this are never folded; unit ms. */
const MIN_FOLD_MS = 60_000;
/** Gaps shorter than this lie between parts of one piece of work and say nothing about the scale; unit ms. */
const SAME_WORK_MS = 1000;
/** A whole order may go through in seconds; then gaps down to this tell the scale. Unit ms. */
const QUICK_WORK_MS = 50;
/** A gap is idle only where it is this many times as long as the median gap that stays. */
const OUTLIER = 4;
/** Folding stops when the median gap is at least this wide; unit px. */
const READABLE_PX = 60;
const FOLD_WIDTH = 84;
/** One fold for so many px of width at most. */
const MIN_PX_PER_FOLD = 110;
/** Share of the width that folds may take at most. */
const MAX_FOLD_SHARE = 0.7;

interface Gap {
  readonly from: number;
  readonly to: number;
}

const length = (gap: Gap): number => gap.to - gap.from;

function gapsBetween(points: readonly number[]): Gap[] {
  const gaps: Gap[] = [];
  for (let index = 1; index < points.length; index += 1) {
    const from = points[index - 1] ?? 0;
    const to = points[index] ?? 0;
    if (to > from) gaps.push({ from, to });
  }
  return gaps;
}

function median(sorted: readonly Gap[]): number {
  const low = sorted[Math.floor((sorted.length - 1) / 2)];
  const high = sorted[Math.floor(sorted.length / 2)];
  return low === undefined || high === undefined ? 0 : (length(low) + length(high)) / 2;
}

/** The gaps that say how far apart things happen: those between pieces of work, where there are some. */
function tellingGaps(gaps: readonly Gap[]): Gap[] {
  const between = gaps.filter((gap) => length(gap) >= SAME_WORK_MS);
  return between.length > 2 ? between : gaps.filter((gap) => length(gap) >= QUICK_WORK_MS);
}

/**
 * Chooses the gaps to fold: the longest first, as long as they are outliers and what stays is too narrow to read.
 * Evenly spread work has no outliers, so nothing folds and lengths stay comparable.
 */
function chooseFolds(gaps: readonly Gap[], width: number): Gap[] {
  const sorted = tellingGaps(gaps).toSorted((a, b) => length(b) - length(a));
  const maxFolds = Math.max(1, Math.floor(width / MIN_PX_PER_FOLD));
  let visible = gaps.reduce((sum, gap) => sum + length(gap), 0);
  let folds = 0;
  for (; folds < maxFolds && folds < sorted.length - 1; folds += 1) {
    const longest = sorted[folds];
    if (longest === undefined || length(longest) < MIN_FOLD_MS) break;
    const typical = median(sorted.slice(folds));
    const room = width - folds * FOLD_WIDTH;
    if ((typical / visible) * room >= READABLE_PX || length(longest) < typical * OUTLIER) break;
    visible -= length(longest);
  }
  return sorted.slice(0, folds);
}

function place(range: Gap, folds: readonly Gap[], width: number): Segment[] {
  const ordered = folds.toSorted((a, b) => a.from - b.from);
  const foldWidth = ordered.length === 0 ? 0 : Math.min(FOLD_WIDTH, (width * MAX_FOLD_SHARE) / ordered.length);
  const visible = length(range) - ordered.reduce((sum, gap) => sum + length(gap), 0);
  const linearWidth = width - foldWidth * ordered.length;
  const perMs = visible > 0 ? linearWidth / visible : 0;
  const segments: Segment[] = [];
  let at = range.from;
  let x = 0;
  const linear = (to: number): void => {
    if (to <= at) return;
    const size = (to - at) * perMs;
    segments.push({ kind: 'linear', from: at, to, x, width: size });
    x += size;
    at = to;
  };
  for (const fold of ordered) {
    linear(fold.from);
    segments.push({ kind: 'fold', from: fold.from, to: fold.to, x, width: foldWidth });
    x += foldWidth;
    at = fold.to;
  }
  linear(range.to);
  return segments;
}

/**
 * Builds the time scale of a journey. `moments` are the times at which something happened (ms since the epoch),
 * in any order; the first and the last are the ends of the scale. `width` is in px.
 */
export function foldedScale(moments: readonly number[], width: number): FoldedScale {
  const points = [...new Set(moments)].toSorted((a, b) => a - b);
  const from = points[0] ?? 0;
  const to = Math.max(points.at(-1) ?? 0, from + 1);
  const folds = chooseFolds(gapsBetween(points), width);
  const segments = place({ from, to }, folds, width);
  const x = (atMs: number): number => {
    const at = Math.min(Math.max(atMs, from), to);
    const segment = segments.find((candidate) => at <= candidate.to) ?? segments.at(-1);
    if (segment === undefined) return 0;
    return segment.x + ((at - segment.from) / (segment.to - segment.from)) * segment.width;
  };
  return { segments, width, x };
}

/** A tick of the time axis. */
export interface Tick {
  readonly at: number;
  readonly x: number;
  /** Distance between ticks in this segment, ms; says how fine the label must be. */
  readonly step: number;
}

const STEPS = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000,
  900_000, 1_800_000, 3_600_000, 7_200_000, 10_800_000, 21_600_000, 43_200_000, 86_400_000, 172_800_000, 604_800_000,
];

/** Ticks at round times in the zone `offsetMs` ahead of UTC, at least `minGap` px apart, in linear segments only. */
export function axisTicks(scale: FoldedScale, minGap: number, offsetMs: number): Tick[] {
  const ticks: Tick[] = [];
  for (const segment of scale.segments) {
    if (segment.kind === 'fold' || segment.width < 24) continue;
    const perMs = segment.width / (segment.to - segment.from);
    const step = STEPS.find((candidate) => candidate * perMs >= minGap) ?? 604_800_000;
    const first = Math.ceil((segment.from + offsetMs) / step) * step - offsetMs;
    for (let at = first; at <= segment.to && ticks.length < 200; at += step) {
      const x = segment.x + (at - segment.from) * perMs;
      const before = ticks.at(-1);
      if (before === undefined || x - before.x >= minGap) ticks.push({ at, x, step });
    }
  }
  return ticks;
}
