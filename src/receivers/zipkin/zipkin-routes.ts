import type { Consumer } from '../../model/consumer.ts';
import { WaybillError } from '../../model/errors.ts';
import type { UnixNano } from '../../model/units.ts';
import { DecodeTally } from '../../wire/otlp/decode-tally.ts';
import type { OtlpEncoding } from '../../wire/otlp/encode-status.ts';
import type { DecodeLimits } from '../../wire/otlp/limits.ts';
import { decodeZipkinJson } from '../../wire/zipkin/decode-zipkin-json.ts';
import { decodeZipkinProtobuf } from '../../wire/zipkin/decode-zipkin-protobuf.ts';
import type { Answer } from '../otlp/answers.ts';
import { CurrentTable } from '../otlp/current-table.ts';
import type { HttpAnswer, HttpRoute } from '../otlp/http-route.ts';
import type { OtlpTally } from '../otlp/tally.ts';

const V1_PATH = '/api/v1/spans';
const V2_PATH = '/api/v2/spans';
const TEXT = 'text/plain; charset=utf-8';
const ACCEPTED = 202;

const ENCODINGS = new Map<string, OtlpEncoding>([
  ['application/json', 'json'],
  ['application/x-protobuf', 'protobuf'],
  // Zipkin takes a body without a type for JSON.
  ['', 'json'],
]);

/** What the Zipkin receiver is made of. */
export interface ZipkinParts {
  readonly next: Consumer;
  readonly limits: DecodeLimits;
  readonly tally: OtlpTally;
  /** Our clock, for spans that say no time at all. */
  readonly now: () => UnixNano;
}

/**
 * Zipkin v2 on the OTLP/HTTP port: `POST /api/v2/spans`, JSON or protobuf (zipkin.proto3.ListOfSpans).
 *
 * Success is 202 without a body, as Zipkin answers, and only after `next` made the spans durable; a body of text then says which spans
 * were left out. A list of which no span can be taken is 400. Errors are text; what may succeed later is 503 with Retry-After.
 */
export function zipkinRoutes(parts: ZipkinParts): HttpRoute[] {
  const table = new CurrentTable();
  const form = {
    tally: parts.tally,
    mediaTypes: ['application/json', 'application/x-protobuf'],
    encodingOf: (mediaType: string) => ENCODINGS.get(mediaType),
    refuse: ({ httpStatus, status }: Answer) => textAnswer(httpStatus, `${status.message}\n`),
  };
  const take = async (body: Uint8Array, encoding: OtlpEncoding): Promise<HttpAnswer> => {
    const tally = new DecodeTally();
    const decode = encoding === 'protobuf' ? decodeZipkinProtobuf : decodeZipkinJson;
    const spans = decode(body, table.get(), { limits: parts.limits, tally, receivedAt: parts.now() });
    if (spans.length > 0) await parts.next.consume({ kind: 'spans', spans });
    parts.tally.accept(body.length, tally);
    if (tally.rejectedSpans === 0) return textAnswer(ACCEPTED, '');
    return textAnswer(spans.length === 0 ? 400 : ACCEPTED, `${tally.describeRejections()}\n`);
  };
  const v2: HttpRoute = { ...form, path: V2_PATH, take };
  const v1: HttpRoute = {
    ...form,
    path: V1_PATH,
    take,
    closed: new WaybillError('not_found', 'Zipkin v1 spans are not received here', {
      remedy: `send Zipkin v2 to ${V2_PATH}: set the sender’s encoding to JSON_V2 or PROTO3`,
    }),
  };
  return [v2, v1];
}

function textAnswer(httpStatus: number, text: string): HttpAnswer {
  return { httpStatus, contentType: TEXT, body: Buffer.from(text) };
}
