import { classifyFailure } from '../lifecycle/failures/classify.ts';
import type { FailureClass } from '../model/order.ts';
import type { UnixNano } from '../model/units.ts';
import type { TreeSpan } from './read-span-trees.ts';

/** An error in work for an order, told by its innermost span. */
export interface Failure {
  /** End of the span. */
  readonly at: UnixNano;
  readonly failureClass: FailureClass;
  readonly service: string;
  /** Name of the span. */
  readonly operation: string;
  readonly traceId: string;
  readonly spanId: string;
}

/** Shapes an innermost error span as a failure. */
export function toFailure(traceId: string, span: TreeSpan): Failure {
  return {
    at: span.endedAt,
    failureClass: classifyFailure({
      attributes: span.attributes,
      exceptions: span.events.filter((event) => event.has('exception.type') || event.has('exception.message')),
      statusMessage: span.statusMessage,
      kind: span.kind,
    }),
    service: span.service,
    operation: span.name,
    traceId,
    spanId: span.spanId,
  };
}

/** Order of failures: by time, then by span, so that equal input gives equal rows. */
export function byTime(a: Failure, b: Failure): number {
  if (a.at !== b.at) return a.at < b.at ? -1 : 1;
  return a.spanId < b.spanId ? -1 : a.spanId > b.spanId ? 1 : 0;
}
