import { encodeExportResponse, encodeStatus, type OtlpEncoding } from '../../wire/otlp/encode-status.ts';
import type { Answer } from './answers.ts';
import type { HttpAnswer, HttpRoute } from './http-route.ts';
import type { OtlpIntake, Signal } from './otlp-intake.ts';
import type { OtlpTally } from './tally.ts';

/** The media type of both directions (OTLP: the answer has the content type of the request). */
export const MEDIA_TYPES: Record<OtlpEncoding, string> = {
  protobuf: 'application/x-protobuf',
  json: 'application/json',
};
const ENCODINGS = new Map<string, OtlpEncoding>([
  [MEDIA_TYPES.protobuf, 'protobuf'],
  [MEDIA_TYPES.json, 'json'],
]);

/** `POST /v1/{signal}` of OTLP/HTTP: what must not be resent is told as partial success, errors are google.rpc.Status. */
export function otlpRoute(signal: Signal, intake: OtlpIntake, tally: OtlpTally): HttpRoute {
  return {
    path: `/v1/${signal}`,
    tally,
    mediaTypes: [...ENCODINGS.keys()],
    encodingOf: (mediaType) => ENCODINGS.get(mediaType),
    async take(body, encoding): Promise<HttpAnswer> {
      const partial = await intake.take(signal, body, encoding);
      return {
        httpStatus: 200,
        contentType: MEDIA_TYPES[encoding],
        body: encodeExportResponse(partial, encoding),
      };
    },
    refuse: statusAnswer,
  };
}

/** An error as google.rpc.Status in the request's encoding. */
export function statusAnswer({ httpStatus, status }: Answer, encoding: OtlpEncoding): HttpAnswer {
  return { httpStatus, contentType: MEDIA_TYPES[encoding], body: encodeStatus(status, encoding) };
}
