import type { Lifecycle } from '../../lifecycle/definition.ts';
import type { WaybillErrorCode } from '../../model/errors.ts';
import type { BreakdownStats } from '../../projector/breakdowns.ts';
import type { ProjectorStats } from '../../projector/projector.ts';
import type { StoreAccess } from '../../store/access.ts';

/** What the thread is made with. */
export interface FoldingInput {
  readonly store: StoreAccess;
  readonly lifecycle: Lifecycle;
}

/** What the thread is told. */
export type FoldingRequest =
  /** Segments came into the store; the count of them, from 1 on. */
  { readonly kind: 'loaded'; readonly segments: number } | { readonly kind: 'stop' };

/** Where the thread stands: everything as of one moment. */
export interface FoldingReport {
  /** The last count of segments that it was told. */
  readonly segments: number;
  readonly projector: ProjectorStats;
  readonly breakdowns: BreakdownStats;
}

/** What the thread says. */
export type FoldingAnswer =
  | { readonly kind: 'report'; readonly report: FoldingReport }
  /** For the log; carries no data. */
  | { readonly kind: 'error'; readonly message: string }
  /** It could not start, and ends. */
  | {
      readonly kind: 'refused';
      readonly code: WaybillErrorCode;
      readonly message: string;
      readonly remedy: string | undefined;
    };
