import type { OrderAttribute, StatusFact } from './order.ts';
import type { SpanBatch } from './span-batch.ts';

/** Spans in columns, as a decoder made them. */
export interface Spans {
  readonly kind: 'spans';
  readonly spans: SpanBatch;
}

/** Status facts that did not come from spans: `POST /api/transitions`, imports. */
export interface Facts {
  readonly kind: 'facts';
  readonly facts: readonly StatusFact[];
  readonly attributes?: readonly OrderAttribute[];
}

/** What flows from receivers through the pipeline. */
export type Batch = Spans | Facts;
