import { decodeOnly } from '../src/wire/otlp/testing/trace-proto.ts';

/** Spans that protobufjs only decodes in a second of CPU, with the decoder that it generates from the definition; best of several passes. */
export function protobufjsSpansPerCpuSecond(body: Uint8Array, spans: number): number {
  let best = 0;
  for (let pass = 0; pass < 6; pass += 1) {
    const before = process.cpuUsage();
    let decoded = 0;
    for (const until = performance.now() + 500; performance.now() < until; decoded += spans) {
      decodeOnly('ExportTraceServiceRequest', body);
    }
    const { user, system } = process.cpuUsage(before);
    best = Math.max(best, decoded / ((user + system) / 1e6));
  }
  return best;
}
