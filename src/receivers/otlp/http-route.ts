import type { WaybillError } from '../../model/errors.ts';
import type { OtlpEncoding } from '../../wire/otlp/encode-status.ts';
import type { Answer } from './answers.ts';
import type { OtlpTally } from './tally.ts';

/** What is written back to a sender. */
export interface HttpAnswer {
  readonly httpStatus: number;
  readonly contentType: string;
  readonly body: Uint8Array;
}

/**
 * One path of the OTLP/HTTP port. The receiver has taken the body within its bounds and decompressed it; what a route throws is told
 * to the sender in the form that the route gives it.
 */
export interface HttpRoute {
  readonly path: string;
  /** Counts what comes to the path. */
  readonly tally: OtlpTally;
  /** The media types that are taken, for the sender of another one. */
  readonly mediaTypes: readonly string[];
  /** The encoding of a media type (lower case, without parameters, empty where there is none); undefined for one that is not taken. */
  encodingOf(mediaType: string): OtlpEncoding | undefined;
  /** Why nothing is taken here at all, before a body is received. */
  readonly closed?: WaybillError;
  /** Resolves when everything is durable. */
  take(body: Uint8Array, encoding: OtlpEncoding): Promise<HttpAnswer>;
  /** Gives a refusal the form that the senders of this path understand. */
  refuse(answer: Answer, encoding: OtlpEncoding): HttpAnswer;
}
