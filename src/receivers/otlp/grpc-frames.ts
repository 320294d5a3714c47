import { WaybillError } from '../../model/errors.ts';
import { tooLarge } from './body.ts';
import type { ByteLease } from './byte-budget.ts';

const HEADER_BYTES = 5;
const TIMEOUT = /^(\d{1,8})([HMSmun])$/;
const TIMEOUT_UNIT_MS: Record<string, number> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

/** The one message of a unary call: its bytes, and whether they are compressed by `grpc-encoding`. */
export interface GrpcMessage {
  readonly isCompressed: boolean;
  readonly bytes: Buffer;
}

/** Puts a length-prefixed message together from DATA chunks that are split anywhere. */
export class GrpcMessageAssembler {
  readonly #maxBytes: number;
  readonly #maxCompressedBytes: number;
  readonly #lease: ByteLease;
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #headerBytes = 0;
  #length = 0;
  #missing = 0;

  constructor(limits: { maxBodyBytes: number; maxCompressedBytes: number }, lease: ByteLease) {
    this.#maxBytes = limits.maxBodyBytes;
    this.#maxCompressedBytes = limits.maxCompressedBytes;
    this.#lease = lease;
  }

  /** Takes a chunk; throws `payload_too_large` as soon as the announced length is, and `malformed_payload` for a second message. */
  push(chunk: Buffer): void {
    const fromHeader = Math.min(HEADER_BYTES - this.#headerBytes, chunk.length);
    if (fromHeader > 0) {
      chunk.copy(this.#header, this.#headerBytes, 0, fromHeader);
      this.#headerBytes += fromHeader;
      if (this.#headerBytes < HEADER_BYTES) return;
      this.#begin();
    }
    const rest = chunk.length - fromHeader;
    if (rest === 0) return;
    if (rest > this.#missing) throw malformed('a unary call holds one message');
    this.#lease.append(fromHeader === 0 ? chunk : chunk.subarray(fromHeader), this.#length);
    this.#missing -= rest;
  }

  /** The message at the end of the call, valid until the lease is released; throws `malformed_payload` when it is not whole. */
  finish(): GrpcMessage {
    if (this.#headerBytes < HEADER_BYTES || this.#missing > 0) throw malformed('the message is not complete');
    return { isCompressed: this.#header[0] === 1, bytes: this.#lease.bytes() };
  }

  #begin(): void {
    const flag = this.#header[0] ?? 0;
    if (flag > 1) throw malformed('invalid compression flag');
    const length = this.#header.readUInt32BE(1);
    const limit = flag === 1 ? this.#maxCompressedBytes : this.#maxBytes;
    if (length > limit) throw tooLarge(limit);
    this.#length = length;
    this.#missing = length;
  }
}

function malformed(reason: string): WaybillError {
  return new WaybillError('malformed_payload', `malformed gRPC message: ${reason}`, {
    remedy: 'call TraceService/Export as a unary gRPC call',
  });
}

/** Frames an uncompressed message. */
export function frameMessage(message: Uint8Array): Buffer {
  const frame = Buffer.alloc(HEADER_BYTES + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, HEADER_BYTES);
  return frame;
}

/** Milliseconds of a `grpc-timeout` header; undefined where there is none or it is not valid. */
export function parseGrpcTimeout(header: string | readonly string[] | undefined): number | undefined {
  if (typeof header !== 'string') return undefined;
  const match = TIMEOUT.exec(header);
  return match === null ? undefined : Number(match[1]) * (TIMEOUT_UNIT_MS[match[2] ?? ''] ?? 0);
}

/** Percent-encodes a `grpc-message`: everything but printable ASCII, and the percent sign itself. */
export function encodeGrpcMessage(message: string): string {
  let text = '';
  for (const byte of new TextEncoder().encode(message)) {
    const isPlain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
    text += isPlain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return text;
}
