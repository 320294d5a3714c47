import type { Readable, Transform } from 'node:stream';
import { constants, createGunzip, createZstdDecompress, gunzipSync } from 'node:zlib';
import { WaybillError } from '../../model/errors.ts';
import type { ByteLease } from './byte-budget.ts';

/** Content codings of bodies that the receivers take; OTLP requires the first two. */
export type BodyCoding = 'identity' | 'gzip' | 'zstd';

/** The codings as they are offered to senders. */
export const OFFERED_CODINGS = 'gzip, zstd, identity';

/** Bounds of one body in bytes: as it arrives compressed, and in the end. */
export interface BodyLimits {
  readonly maxBodyBytes: number;
  readonly maxCompressedBytes: number;
}

// Up to here a body is inflated at once: a trip through the thread pool would cost more than the work.
const MAX_SYNC_COMPRESSED = 64 * 1024;
const MAX_SYNC_INFLATED = 1024 * 1024;
const INFLATE_CHUNK_BYTES = 64 * 1024;
const GZIP_OVERHEAD_BYTES = 18;
/** Window of a zstd frame, 8 MiB: what RFC 8878 asks decoders for, and the memory that a frame can claim. Level 19 stays within it. */
const ZSTD_WINDOW_LOG = 23;
/** Frames of one zstd body; pzstd writes two for every block of megabytes. */
const MAX_ZSTD_FRAMES = 1024;

/** The sender went away before its request was complete; nobody is left to answer. */
export class SenderGone extends Error {
  constructor() {
    super('the sender closed the connection before its request was complete');
    this.name = 'SenderGone';
  }
}

export function tooLarge(limit: number): WaybillError {
  return new WaybillError('payload_too_large', `the request is larger than ${limit} bytes`, {
    remedy: 'send smaller batches, or raise the receiver’s maxBodyBytes or maxCompressedBytes',
  });
}

/** The coding that a `Content-Encoding` or `grpc-encoding` names; undefined for one that is not taken. */
export function codingOf(header: string | readonly string[] | undefined): BodyCoding | undefined {
  if (header !== undefined && typeof header !== 'string') return undefined;
  const name = (header ?? '').trim().toLowerCase();
  if (name === '' || name === 'identity') return 'identity';
  if (name === 'gzip' || name === 'x-gzip') return 'gzip';
  return name === 'zstd' ? 'zstd' : undefined;
}

/** The limit that the bytes on the wire are held to. */
export function wireLimit(coding: BodyCoding, limits: BodyLimits): number {
  return coding === 'identity' ? limits.maxBodyBytes : limits.maxCompressedBytes;
}

/**
 * Collects a stream to its end within `limit`; the bytes are booked on the lease chunk by chunk, and valid until it is released.
 *
 * @param expected how many bytes the sender says there are, zero where it does not
 */
export async function collect(stream: Readable, limit: number, lease: ByteLease, expected: number): Promise<Buffer> {
  let length = 0;
  await new Promise<void>((resolve, reject) => {
    const onData = (chunk: Buffer): void => {
      try {
        length += chunk.length;
        if (length > limit) throw tooLarge(limit);
        lease.append(chunk, expected);
      } catch (error) {
        stream.off('data', onData);
        // Left in flowing mode without a listener, the rest is discarded as it comes.
        stream.resume();
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    };
    let isComplete = false;
    const onGone = (): void => {
      // Every request is closed in the end, and an error with its stack costs as much as a small request.
      if (!isComplete) reject(new SenderGone());
    };
    stream.on('data', onData);
    stream.on('end', () => {
      isComplete = true;
      resolve();
    });
    stream.on('error', onGone);
    stream.on('aborted', onGone);
    stream.on('close', onGone);
  });
  return lease.bytes();
}

/**
 * Inflates a compressed body (of several gzip members or zstd frames too) to at most `limit` bytes.
 *
 * A bomb costs no more memory than the limit: it is inflated piece by piece and dropped at the first byte too many. Throws
 * `payload_too_large`, `malformed_payload`, or what the lease throws. The compressed bytes are given back to the lease.
 */
export async function inflate(
  compressed: Buffer,
  coding: Exclude<BodyCoding, 'identity'>,
  limit: number,
  lease: ByteLease,
): Promise<Buffer> {
  const small = coding === 'gzip' ? inflateSmall(compressed, limit) : undefined;
  if (small !== undefined) lease.take(small.length);
  const body = small ?? (await inflateStream(compressed, coding, limit, lease));
  lease.give(compressed.length);
  return body;
}

/** Inflates at once what is small by its own account; the account (ISIZE, RFC 1952) is only a hint that bounds the output. */
function inflateSmall(compressed: Buffer, limit: number): Buffer | undefined {
  if (compressed.length < GZIP_OVERHEAD_BYTES || compressed.length > MAX_SYNC_COMPRESSED) return undefined;
  const size = compressed.readUInt32LE(compressed.length - 4);
  if (size === 0 || size > MAX_SYNC_INFLATED || size > limit) return undefined;
  try {
    // One byte more: zlib makes room for a second chunk as soon as the first one is full.
    return gunzipSync(compressed, { maxOutputLength: size, chunkSize: Math.max(1024, size + 1) });
  } catch {
    // A lying size or broken bytes: the careful way decides which.
    return undefined;
  }
}

async function inflateStream(
  compressed: Buffer,
  coding: Exclude<BodyCoding, 'identity'>,
  limit: number,
  lease: ByteLease,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  const take = (chunk: Buffer): void => {
    length += chunk.length;
    if (length > limit) throw tooLarge(limit);
    lease.take(chunk.length);
    chunks.push(chunk);
  };
  try {
    if (coding === 'gzip') await decompress(createGunzip({ chunkSize: INFLATE_CHUNK_BYTES }), compressed, take);
    else await decompressFrames(compressed, take);
  } catch (error) {
    if (error instanceof WaybillError) throw error;
    throw new WaybillError('malformed_payload', `the body is not ${coding}`, {
      remedy: `compress the body with ${coding}, or leave the content coding out`,
      cause: error,
    });
  }
  return Buffer.concat(chunks, length);
}

/** Hands on what a decompressor makes of bytes, piece by piece; resolves to the number of bytes that it read. */
async function decompress(
  decompressor: Transform & { readonly bytesWritten: number },
  compressed: Buffer,
  take: (chunk: Buffer) => void,
): Promise<number> {
  decompressor.end(compressed);
  try {
    for await (const chunk of decompressor as AsyncIterable<Buffer>) take(chunk);
    return decompressor.bytesWritten;
  } finally {
    decompressor.destroy();
  }
}

/** Node's zstd decompressor may end with a frame and say nothing of the bytes behind it: they are the next frames. */
async function decompressFrames(compressed: Buffer, take: (chunk: Buffer) => void): Promise<void> {
  const params = { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG };
  let rest = compressed;
  for (let frame = 0; rest.length > 0; frame += 1) {
    if (frame === MAX_ZSTD_FRAMES) throw new RangeError(`more than ${MAX_ZSTD_FRAMES} frames`);
    const read = await decompress(createZstdDecompress({ chunkSize: INFLATE_CHUNK_BYTES, params }), rest, take);
    if (read === 0) throw new RangeError('a frame without bytes');
    rest = rest.subarray(read);
  }
}
