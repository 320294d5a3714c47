import { findParents } from '../../model/span-parents.ts';
import type { SpanReference, WorkSpan } from '../../model/work-span.ts';
import { subtract, type United, unite } from './intervals.ts';

/** A span among the others of its order. */
export interface WorkNode {
  readonly span: WorkSpan;
  /** The service whose span answers this call, if one was seen; of any other span, the first one that it calls. */
  readonly callee: string | null;
  /** The time in which the span itself was busy: without its children, whose time is their own. */
  readonly self: United;
  /** The spans that sent the message which this one takes: parent or link, whichever the sender's conventions say. */
  readonly senders: readonly WorkSpan[];
}

const NO_SENDERS: readonly WorkSpan[] = [];

interface Growing {
  readonly span: WorkSpan;
  parent: Growing | undefined;
  /** The children for which the span waits; most have none. */
  awaited: WorkSpan[] | undefined;
  callee: string | null;
}

/** Whether a span hands a message over; the conventions allow PRODUCER and CLIENT for it. */
export function isSend({ kind, messaging }: WorkSpan): boolean {
  return kind === 'producer' || (kind === 'client' && messaging === 'send');
}

/** Whether a span only asks for messages and waits for them. */
export function isReceive({ messaging }: WorkSpan): boolean {
  return messaging === 'receive';
}

/** Whether a span works on a message that was handed over. */
function isProcess(span: WorkSpan): boolean {
  return span.kind === 'consumer' && !isReceive(span);
}

/**
 * Puts spans together as trees, over any number of traces; see `findParents` for which span is whose parent. Parents that are missing
 * and cycles among wrong parents do no harm, and the answer does not depend on the order of the spans.
 */
export function growTrees(spans: readonly WorkSpan[]): WorkNode[] {
  const nodes: Growing[] = [];
  for (const trace of Map.groupBy(spans.toSorted(bySpan), ({ traceId }) => traceId).values()) {
    const own = trace.map((span): Growing => ({ span, parent: undefined, awaited: undefined, callee: null }));
    const parents = findParents(trace);
    for (const [index, node] of own.entries()) {
      const parent = own[parents[index] ?? -1];
      if (parent === undefined) continue;
      node.parent = parent;
      if (!isAwaited(node.span, parent.span)) continue;
      if (parent.awaited === undefined) parent.awaited = [node.span];
      else parent.awaited.push(node.span);
    }
    for (const node of own) tellCallers(node);
    nodes.push(...own);
  }
  // Most orders have no links.
  const isLinked = nodes.some(({ span }) => span.links.length > 0);
  const byId = isLinked ? Map.groupBy(nodes, ({ span }) => keyOf(span)) : new Map<string, Growing[]>();
  return nodes.map(({ span, parent, awaited, callee }) => ({
    span,
    callee,
    self: selfTime(span, awaited),
    senders: sendersOf(span, parent, byId),
  }));
}

function selfTime(span: WorkSpan, awaited: readonly WorkSpan[] | undefined): United {
  const own = unite([timeOf(span)]);
  return awaited === undefined ? own : subtract(own, unite(awaited.map(timeOf)));
}

/** Whoever sends a message waits neither for its processing nor for those who poll for it, which are children in some conventions. */
function isAwaited(child: WorkSpan, parent: WorkSpan): boolean {
  return !isProcess(child) && !(isReceive(child) && isSend(parent));
}

/**
 * Tells the calls above a span who answers them: up to the span with which the calling service began. Libraries call one another inside
 * a service, so between a call and its answer there may be more than one client span.
 */
function tellCallers({ span, parent }: Growing): void {
  if (parent === undefined || !isAwaited(span, parent.span)) return;
  if (span.service === parent.span.service && span.kind !== 'server') return;
  // Whoever is told already has told those above.
  for (let at: Growing | undefined = parent; at !== undefined && at.callee === null; at = at.parent) {
    if (at.span.service !== parent.span.service) return;
    at.callee = span.service;
    if (at.span.kind === 'server' || at.span.kind === 'consumer') return;
  }
}

function sendersOf(
  span: WorkSpan,
  parent: Growing | undefined,
  byId: ReadonlyMap<string, readonly Growing[]>,
): readonly WorkSpan[] {
  if (span.kind !== 'consumer' && !isReceive(span)) return NO_SENDERS;
  const linked = span.links.flatMap((link) => byId.get(keyOf(link)) ?? []);
  const candidates = parent === undefined ? linked : [parent, ...linked];
  return candidates.map((candidate) => candidate.span).filter(isSend);
}

function timeOf({ start, end }: WorkSpan): { from: bigint; to: bigint } {
  return { from: start, to: end };
}

function keyOf({ traceId, spanId }: SpanReference): string {
  return traceId + spanId;
}

/** By start, so that the first callee is the same whatever the order of the spans. */
function bySpan(a: WorkSpan, b: WorkSpan): number {
  if (a.start !== b.start) return a.start < b.start ? -1 : 1;
  const [left, right] = [keyOf(a), keyOf(b)];
  if (left !== right) return left < right ? -1 : 1;
  return a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : 0;
}
