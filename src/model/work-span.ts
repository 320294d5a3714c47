import type { FamilySpan } from './span-parents.ts';
import type { UnixNano } from './units.ts';

/** Names a span. */
export interface SpanReference {
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** 16 lower-case hex digits. */
  readonly spanId: string;
}

/** What a span may do to a message; each is stored as its place in this list. */
export const MESSAGING = [null, 'send', 'receive'] as const;

/** What is known of a span when time is divided among those who worked. */
export interface WorkSpan extends FamilySpan, SpanReference {
  readonly start: UnixNano;
  /** Before the start where the sender's clock went back. */
  readonly end: UnixNano;
  /** What its attributes say it does to a message; null where they say neither. */
  readonly messaging: (typeof MESSAGING)[number];
  /** Whom a call goes to, as the caller names it: a service, a database, an address; empty where it does not say. */
  readonly peer: string;
  /** The spans that it is linked to. */
  readonly links: readonly SpanReference[];
}
