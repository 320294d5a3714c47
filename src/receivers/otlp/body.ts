import type { Readable } from 'node:stream';
import { createGunzip, gunzipSync } from 'node:zlib';
import { WaybillError } from '../../model/errors.ts';
import type { ByteLease } from './byte-budget.ts';

/** Content codings of OTLP bodies that the receivers take (OTLP requires these two). */
export type BodyCoding = 'identity' | 'gzip';

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

/** The limit that the bytes on the wire are held to. */
export function wireLimit(coding: BodyCoding, limits: BodyLimits): number {
  return coding === 'identity' ? limits.maxBodyBytes : limits.maxCompressedBytes;
}

/** Collects a stream to its end within `limit`; the bytes are booked on the lease chunk by chunk. */
export async function collect(stream: Readable, limit: number, lease: ByteLease): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  await new Promise<void>((resolve, reject) => {
    const onData = (chunk: Buffer): void => {
      try {
        length += chunk.length;
        if (length > limit) throw tooLarge(limit);
        lease.take(chunk.length);
        chunks.push(chunk);
      } catch (error) {
        stream.off('data', onData);
        // Left in flowing mode without a listener, the rest is discarded as it comes.
        stream.resume();
        chunks.length = 0;
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    };
    stream.on('data', onData);
    stream.on('end', resolve);
    stream.on('error', () => reject(new SenderGone()));
    stream.on('aborted', () => reject(new SenderGone()));
    stream.on('close', () => reject(new SenderGone()));
  });
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, length);
}

/**
 * Inflates a gzip body (several members too) to at most `limit` bytes.
 *
 * A bomb costs no more memory than the limit: it is inflated piece by piece and dropped at the first byte too many. Throws
 * `payload_too_large`, `malformed_payload`, or what the lease throws. The compressed bytes are given back to the lease.
 */
export async function inflate(compressed: Buffer, limit: number, lease: ByteLease): Promise<Buffer> {
  const small = inflateSmall(compressed, limit);
  if (small !== undefined) lease.take(small.length);
  const body = small ?? (await inflateStream(compressed, limit, lease));
  lease.give(compressed.length);
  return body;
}

/** Inflates at once what is small by its own account; the account (ISIZE, RFC 1952) is only a hint that bounds the output. */
function inflateSmall(compressed: Buffer, limit: number): Buffer | undefined {
  if (compressed.length < GZIP_OVERHEAD_BYTES || compressed.length > MAX_SYNC_COMPRESSED) return undefined;
  const size = compressed.readUInt32LE(compressed.length - 4);
  if (size === 0 || size > MAX_SYNC_INFLATED || size > limit) return undefined;
  try {
    return gunzipSync(compressed, { maxOutputLength: size, chunkSize: Math.max(1024, size) });
  } catch {
    // A lying size or broken bytes: the careful way decides which.
    return undefined;
  }
}

async function inflateStream(compressed: Buffer, limit: number, lease: ByteLease): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  const gunzip = createGunzip({ chunkSize: INFLATE_CHUNK_BYTES });
  gunzip.end(compressed);
  try {
    for await (const chunk of gunzip as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > limit) throw tooLarge(limit);
      lease.take(chunk.length);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof WaybillError) throw error;
    throw new WaybillError('malformed_payload', 'the body is not gzip', {
      remedy: 'compress the body with gzip, or leave the content coding out',
      cause: error,
    });
  } finally {
    gunzip.destroy();
  }
  return Buffer.concat(chunks, length);
}
