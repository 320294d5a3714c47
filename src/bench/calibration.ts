import { constants, crc32, zstdCompressSync } from 'node:zlib';
import { ProtobufReader } from '../wire/otlp/protobuf-reader.ts';

/** What one core of this machine does with the bytes of a run, in bytes per second; the best of several passes. */
export interface Calibration {
  readonly memcpy: number;
  /** Every field of every message visited, nothing kept, by the reader that the decoder uses; only over protobuf. */
  readonly protobufWalk: number;
  readonly crc32: number;
  /** Compression at level 1. */
  readonly zstd: number;
}

/** Length of one pass in milliseconds; passes whose best one counts. */
const PASS_MS = 60;
const PASSES = 5;
/** Larger than the caches, so that copying is copying memory. */
const COPY_BYTES = 64 * 1024 * 1024;

/**
 * Measures the limits on one thread, about a second long.
 *
 * @param body a protobuf request
 */
export function calibrate(body: Uint8Array): Calibration {
  const source = Buffer.alloc(COPY_BYTES, 7);
  const copy = Buffer.alloc(COPY_BYTES);
  return {
    memcpy: rate(COPY_BYTES, () => source.copy(copy)),
    protobufWalk: rate(body.length, () => walk(body)),
    crc32: rate(body.length, () => crc32(body)),
    zstd: rate(body.length, () => zstdCompressSync(body, { params: { [constants.ZSTD_c_compressionLevel]: 1 } })),
  };
}

/** The mean of two measurements. */
export function meanCalibration(a: Calibration, b: Calibration): Calibration {
  return {
    memcpy: (a.memcpy + b.memcpy) / 2,
    protobufWalk: (a.protobufWalk + b.protobufWalk) / 2,
    crc32: (a.crc32 + b.crc32) / 2,
    zstd: (a.zstd + b.zstd) / 2,
  };
}

function rate(bytes: number, work: () => unknown): number {
  let best = 0;
  for (let pass = 0; pass < PASSES; pass += 1) {
    const startedAt = performance.now();
    let done = 0;
    let elapsed = 0;
    for (; elapsed < PASS_MS; elapsed = performance.now() - startedAt) {
      work();
      done += bytes;
    }
    best = Math.max(best, done / (elapsed / 1000));
  }
  return best;
}

/** Fields that hold messages, by message: `opentelemetry/proto/trace/v1/trace.proto`. */
type Shape = Readonly<Record<number, () => Shape>>;
const anyValue: Shape = { 5: () => ({ 1: () => anyValue }), 6: () => ({ 1: () => keyValue }) };
const keyValue: Shape = { 2: () => anyValue };
const event: Shape = { 3: () => keyValue };
const link: Shape = { 4: () => keyValue };
const span: Shape = { 9: () => keyValue, 11: () => event, 13: () => link, 15: () => ({}) };
const scopeSpans: Shape = { 1: () => ({ 3: () => keyValue }), 2: () => span };
const resourceSpans: Shape = { 1: () => ({ 1: () => keyValue }), 2: () => scopeSpans };
const request: Shape = { 1: () => resourceSpans };

/** Visits every field; returns their number. Throws `malformed_payload` for bytes that are no trace request. */
export function walk(body: Uint8Array): number {
  const reader = new ProtobufReader(body);
  return walkMessage(reader, body.length, request);
}

function walkMessage(reader: ProtobufReader, end: number, shape: Shape): number {
  let fields = 0;
  while (reader.pos < end) {
    const tag = reader.readTag(end);
    const inner = (tag & 7) === 2 ? shape[tag >>> 3] : undefined;
    fields += 1;
    if (inner === undefined) reader.skip(tag, end);
    else fields += walkMessage(reader, reader.readEnd(end), inner());
  }
  return fields;
}
