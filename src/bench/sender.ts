import { ProtobufReader } from '../wire/otlp/protobuf-reader.ts';
import type { Encoding } from './template.ts';

/** What became of one request. */
export type Outcome =
  /** Success; the receiver may still have rejected some of its spans for good (partial success). */
  | { readonly kind: 'acknowledged'; readonly rejectedSpans: number }
  /** Answered, but not taken. `answer` is a status such as `HTTP 429` or `gRPC 14`. */
  | { readonly kind: 'rejected'; readonly isRetryable: boolean; readonly answer: string }
  /** No answer: nobody knows whether it was taken. `reason` is an error code. */
  | { readonly kind: 'failed'; readonly reason: string };

/** Sends requests; every call MUST settle, within 60 seconds, and never rejects. */
export interface Sender {
  /** The bytes may be written over as soon as this resolves. */
  send(body: Uint8Array): Promise<Outcome>;
  close(): void;
}

/** How to reach a receiver. */
export interface SenderOptions {
  /** `http://host:port` or `https://host:port`; over HTTP with the path, `/v1/traces` where it has none. */
  readonly target: URL;
  readonly encoding: Encoding;
  readonly gzip: boolean;
  /** Most requests at the same time, each over a connection of its own. */
  readonly connections: number;
  /** Sent with every request, such as an authorization. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Longest wait for an answer, in milliseconds. */
export const ANSWER_WITHIN_MS = 60_000;
/** Answers are small; what is longer is cut. */
export const MAX_ANSWER_BYTES = 64 * 1024;

/** Spans that an ExportTraceServiceResponse says were rejected; 0 for bytes that are none. */
export function rejectedSpans(answer: Buffer, encoding: Encoding): number {
  if (answer.length === 0) return 0;
  try {
    return encoding === 'json' ? rejectedInJson(answer.toString('utf8')) : rejectedInProtobuf(answer);
  } catch {
    return 0;
  }
}

function rejectedInJson(text: string): number {
  const found = /"rejectedSpans"\s*:\s*"?(\d+)/.exec(text);
  return found === null ? 0 : Number(found[1]);
}

const PARTIAL_SUCCESS = (1 << 3) | 2;
const REJECTED_SPANS = 1 << 3;

function rejectedInProtobuf(answer: Buffer): number {
  const reader = new ProtobufReader(answer);
  let rejected = 0;
  while (reader.pos < answer.length) {
    const tag = reader.readTag(answer.length);
    if (tag !== PARTIAL_SUCCESS) {
      reader.skip(tag, answer.length);
      continue;
    }
    const end = reader.readEnd(answer.length);
    while (reader.pos < end) {
      const inner = reader.readTag(end);
      if (inner === REJECTED_SPANS) rejected = reader.readUint32(end);
      else reader.skip(inner, end);
    }
  }
  return rejected;
}

/** The code of an error, without its message: that may quote addresses. */
export function errorCode(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? (error instanceof Error ? error.name : 'unknown');
}
