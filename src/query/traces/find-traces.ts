import { z } from 'zod';
import type { UnixNano } from '../../model/units.ts';
import type { StoreClient } from '../../store/client.ts';
import { ordersInTraces, type TraceOrders } from '../orders-in-traces.ts';
import { summarizeTraces, type TraceSummary } from '../trace-summaries.ts';
import {
  type Batch,
  type Candidate,
  candidatesBySpans,
  type Granules,
  granulesOf,
  isBefore,
  joinedSlices,
  newestByIndex,
  receivedOf,
  type Slice,
  slicesOfIndex,
  type TracePlace,
  underWayAt,
  WHOLE,
} from './candidates.ts';
import {
  type Condition,
  type IndexCondition,
  indexCondition,
  resourceCondition,
  spanCondition,
  type TraceFilter,
} from './trace-filter.ts';

/** How much is read at once, and how far a search for one page goes. */
export interface SearchSizes {
  /** Rows of the index beyond a page that the first batch takes: most entries that fit belong to spans that do. */
  readonly more: number;
  /** A later batch takes so many times the rows of the one before. */
  readonly growth: number;
  readonly maxBatch: number;
  /** Newest rows of the index whose spans are searched for an attribute first; to search fewer costs no less. */
  readonly nearSlice: number;
  /** Traces that are taken of them: many have spans that fit long after their first, and stand behind others. */
  readonly mostNear: number;
  /** Rows by which it is judged how frequent a value is; more than that are searched at once only where they had too few traces. */
  readonly slice: number;
  /** So many times the traces of a page are expected in the newest rows and what is searched next. */
  readonly enough: number;
  readonly sliceGrowth: number;
  /** Granules of spans in a slice up to which a value is rare. */
  readonly granules: number;
  /** Share of the traces that were under way when the window ended of which a span before fits, as is expected. */
  readonly shareAtEnd: number;
  /** Where the window has an end, so many times the rows are taken from the index at first. */
  readonly moreAtEnd: number;
  /** Traces that were under way when a page ended and are looked at again for the next one; of more, some are missing. */
  readonly maxUnderWay: number;
  /** Traces that are looked at closely for one page; one that needs more ends early and says where to go on. */
  readonly maxLookedAt: number;
}

const SIZES: SearchSizes = {
  more: 8,
  growth: 4,
  maxBatch: 500,
  nearSlice: 2_000,
  mostNear: 120,
  slice: 32_000,
  enough: 1.6,
  sliceGrowth: 8,
  granules: 16,
  shareAtEnd: 0.4,
  moreAtEnd: 2,
  maxUnderWay: 10_000,
  maxLookedAt: 2_000,
};
/** Share of granules with a value from which on they do not tell how many of the traces have it. */
const EVERYWHERE = 0.95;
/** Rows of the index in one slice; more than there are. */
const MAX_SLICE = 4_000_000_000;

/** A page of the list of traces. */
export interface TracePage {
  readonly traces: readonly (TraceSummary & { readonly orders: readonly string[] })[];
  /** Behind this place the list goes on; undefined at its end. */
  readonly next: TracePlace | undefined;
  /** Whether more traces were under way where the page before ended than are looked at: some that began before may be on no page. */
  readonly truncated: boolean;
}

/**
 * Finds traces of which one span fits the whole filter, newest first by the start of their earliest span, equal ones by the greatest trace
 * id. Complete, unless the page says that it is truncated: every trace that fits is on this page or behind its end.
 *
 * A page may hold fewer traces than asked for and still have a next one, where very much had to be looked at.
 */
export async function findTraces(
  store: StoreClient,
  filter: TraceFilter,
  page: { readonly limit: number; readonly after?: TracePlace | undefined },
  sizes = SIZES,
): Promise<TracePage> {
  return new TraceSearch(store, filter, page, sizes).run();
}

type Found = { readonly place: TracePlace; readonly trace: TracePage['traces'][number] };

/** One search: candidates come in batches and are shown when nothing that is still to come can stand before them. */
class TraceSearch {
  readonly #store: StoreClient;
  readonly #filter: TraceFilter;
  readonly #limit: number;
  readonly #after: TracePlace | undefined;
  readonly #sizes: SearchSizes;
  readonly #waiting = new Map<string, Candidate>();
  readonly #seen = new Set<string>();
  readonly #found: Found[] = [];
  #lookedAt = 0;
  #truncated = false;

  constructor(
    store: StoreClient,
    filter: TraceFilter,
    { limit, after }: Parameters<typeof findTraces>[2],
    sizes: SearchSizes,
  ) {
    this.#store = store;
    this.#filter = filter;
    this.#limit = limit;
    this.#after = after;
    this.#sizes = sizes;
  }

  async run(): Promise<TracePage> {
    const fits = indexCondition(this.#filter);
    const bySpans = this.#filter.attributes.length > 0;
    const [ofResources, [near]] = await Promise.all([
      this.#ofResources(),
      bySpans ? this.#newestRows(this.#after, this.#sizes.nearSlice) : [],
    ]);
    const spans = spanCondition(this.#filter, ofResources);
    if (this.#after !== undefined) {
      const most = this.#sizes.maxUnderWay;
      const { candidates, isCut } = await underWayAt(this.#store, { fits, place: this.#after, most });
      this.#take(candidates);
      this.#truncated = isCut;
    }
    const batches = bySpans ? this.#batchesBySpans(spans, near) : this.#batchesByIndex(fits);
    for await (const { candidates, frontier } of batches) {
      this.#take(candidates);
      // Fewer than the page lacks are looked at with those to come, in one question.
      if (frontier !== undefined && this.#found.length + this.#waiting.size <= this.#limit) continue;
      await this.#lookAt(spans, frontier);
      if (this.#found.length > this.#limit) return this.#page(this.#found[this.#limit - 1]?.place);
      if (frontier === undefined) return this.#page(undefined);
      if (this.#lookedAt >= this.#sizes.maxLookedAt) return this.#page(frontier);
    }
    return this.#page(undefined);
  }

  /** For each attribute whether a resource has it. */
  async #ofResources(): Promise<boolean[]> {
    const { attributes } = this.#filter;
    if (attributes.length === 0) return [];
    const [row] = await this.#store.query(
      `SELECT [${attributes.map((_, index) => `countIf(${resourceCondition(index)}) > 0`).join(', ')}] AS has FROM resources`,
      Object.fromEntries(
        attributes.flatMap(({ key, value }, index) => [
          [`key${index}`, key],
          [`value${index}`, value],
        ]),
      ),
      z.object({ has: z.array(z.coerce.number()) }),
    );
    return row?.has.map((has) => has > 0) ?? [];
  }

  async *#batchesByIndex(fits: IndexCondition): AsyncGenerator<Batch> {
    const { more, growth, maxBatch, moreAtEnd } = this.#sizes;
    let behind = this.#after;
    const first = (this.#limit + more) * (this.#doubtfulEnd() === undefined ? 1 : moreAtEnd);
    for (let count = first; ; count = Math.min(count * growth, maxBatch)) {
      const batch = await newestByIndex(this.#store, { fits, behind, count });
      yield batch;
      if (batch.frontier === undefined) return;
      behind = batch.frontier;
    }
  }

  /** The newest rows of the index in the window, behind a place, in slices. */
  #newestRows(behind: TracePlace | undefined, count: number, step = count): Promise<Slice[]> {
    const { since, until } = this.#filter;
    const inWindow = indexCondition({ since, until, attributes: [] });
    return slicesOfIndex(this.#store, { inWindow, behind, count, step });
  }

  /** For attributes, which only spans know; `near` are the newest rows of the index, undefined where there are none. */
  async *#batchesBySpans(spans: Condition, near: Slice | undefined): AsyncGenerator<Batch> {
    if (near === undefined) return;
    const { maxBatch, mostNear, nearSlice, sliceGrowth, slice: widest } = this.#sizes;
    const judging = this.#judge(spans);
    // Where the value is frequent, the newest rows fill the page and nobody asks.
    judging.catch(() => undefined);
    const known = [...this.#seen];
    const first = await candidatesBySpans(this.#store, {
      slice: near,
      spans,
      behind: this.#after,
      most: mostNear,
      known,
    });
    yield first;
    let behind = first.frontier;
    if (behind === undefined) return;
    const { granules, slices } = await judging;
    let count = this.#nextSlice(first.candidates.length, granules);
    let slice = joinedSlices(slicesBehind(behind, slices).slice(0, Math.ceil((count ?? 0) / nearSlice)));
    for (;;) {
      if (count !== undefined) slice ??= (await this.#newestRows(behind, count))[0];
      const batch = await candidatesBySpans(this.#store, {
        slice: slice ?? WHOLE,
        spans,
        behind,
        most: maxBatch,
        known: [...this.#seen],
      });
      yield batch;
      behind = batch.frontier;
      if (behind === undefined) return;
      slice = undefined;
      if (count !== undefined) count = Math.min(Math.max(count, widest / sliceGrowth) * sliceGrowth, MAX_SLICE);
    }
  }

  /** By how many granules have what is searched it is judged how frequent it is; with the slices that they belong to. */
  async #judge(spans: Condition): Promise<{ readonly granules: Granules; readonly slices: readonly Slice[] }> {
    const slices = await this.#newestRows(this.#after, this.#sizes.slice, this.#sizes.nearSlice);
    const all = joinedSlices(slices);
    const granules = all === undefined ? { fitting: 0, all: 0 } : await granulesOf(this.#store, spans, all);
    return { granules, slices };
  }

  /** Rows of the slice after the first one, in which `found` traces fit; undefined for the whole rest. */
  #nextSlice(found: number, { fitting, all }: Granules): number | undefined {
    const { nearSlice, slice, enough, granules } = this.#sizes;
    // A rare value: the Bloom filter of spans leaves little to read, however old it is.
    if (fitting <= granules) return undefined;
    const perRow =
      fitting < all * EVERYWHERE ? expectedSpans({ fitting, all }) / slice : Math.max(1, found) / nearSlice;
    const wanted = enough * (this.#limit + 1) - found;
    return Math.min(slice, Math.max(nearSlice, Math.ceil(wanted / perRow)));
  }

  #take(candidates: readonly Candidate[]): void {
    for (const candidate of candidates) {
      if (this.#seen.has(candidate.traceId)) continue;
      this.#seen.add(candidate.traceId);
      // What stands before the page was on an earlier one.
      if (this.#after === undefined || isBefore(this.#after, candidate))
        this.#waiting.set(candidate.traceId, candidate);
    }
  }

  /** Looks into the spans of the candidates that stand at the frontier or before, until the page is full. */
  async #lookAt(spans: Condition, frontier: TracePlace | undefined): Promise<void> {
    const due = [...this.#waiting.values()]
      .filter((candidate) => frontier === undefined || !isBefore(frontier, candidate))
      .sort((a, b) => (isBefore(a, b) ? -1 : 1));
    // As many as the page should need; where that was not enough, more at a time.
    for (let tries = 1; due.length > 0 && this.#found.length <= this.#limit; tries *= 2) {
      const chunk = due.splice(0, this.#countOf(due, (this.#limit + 1 - this.#found.length) * tries));
      const traces = chunk.map(({ traceId }) => traceId);
      const [summaries, orders] = await Promise.all([
        summarizeTraces(this.#store, traces, {
          received: receivedOf(chunk),
          // To read attributes of traces that lie far apart costs more than everything else of them.
          ...(chunk.every(({ isFit }) => isFit) ? {} : { having: spans }),
        }),
        ordersInTraces(this.#store, traces),
      ]);
      const byId = new Map(summaries.map((summary) => [summary.traceId, summary]));
      for (const place of chunk) {
        this.#waiting.delete(place.traceId);
        const summary = byId.get(place.traceId);
        if (summary === undefined) continue;
        this.#found.push({ place, trace: { ...summary, orders: orderIds(orders.get(place.traceId)) } });
      }
      this.#lookedAt += chunk.length;
    }
  }

  /** How many of the first candidates should have so many that fit. Nearly all do; what was under way when the window ended may not. */
  #countOf(candidates: readonly Candidate[], wanted: number): number {
    const end = this.#doubtfulEnd();
    let expected = 0;
    const index = candidates.findIndex(({ lastStart }) => {
      expected += end === undefined || lastStart < end ? 1 : this.#sizes.shareAtEnd;
      return expected >= wanted;
    });
    return index < 0 ? candidates.length : index + 1;
  }

  /** Where the window ends, if a trace that began before may only have later spans that fit the rest: any span will do where nothing else is asked. */
  #doubtfulEnd(): UnixNano | undefined {
    const { until, since: _since, attributes, ...rest } = this.#filter;
    return attributes.length > 0 || Object.values(rest).some((value) => value !== undefined) ? until : undefined;
  }

  #page(next: TracePlace | undefined): TracePage {
    const traces = this.#found.slice(0, this.#limit).map(({ trace }) => trace);
    return { traces, next, truncated: this.#truncated };
  }
}

/** Slices that reach behind a place. */
function slicesBehind(place: TracePlace, slices: readonly Slice[]): Slice[] {
  return slices.filter((slice) => isBefore(place, slice));
}

/** How many spans fit, where some of the granules have one or more and they lie at random. */
function expectedSpans({ fitting, all }: Granules): number {
  return -Math.log(1 - fitting / all) * all;
}

function orderIds(orders: TraceOrders | undefined): string[] {
  if (orders === undefined) return [];
  return orders.kind === 'one' ? [orders.orderId] : [...new Set(orders.orderOfSpan.values())].sort();
}
