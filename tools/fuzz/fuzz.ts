import { gzipSync, zstdCompressSync } from 'node:zlib';
import * as fc from 'fast-check';
import { WaybillError } from '../../src/model/errors.ts';
import { KeyValueTable } from '../../src/model/key-value-table.ts';
import { inflate } from '../../src/receivers/otlp/body.ts';
import { ByteBudget } from '../../src/receivers/otlp/byte-budget.ts';
import { GrpcMessageAssembler } from '../../src/receivers/otlp/grpc-frames.ts';
import { OtlpTally } from '../../src/receivers/otlp/tally.ts';
import { checkBatch, judgeTable } from './check-batch.ts';
import { corpus, FORMATS, type Format } from './corpus.ts';
import { decode } from './decoders.ts';
import { MAX_PAYLOAD_BYTES, type Mutation, mutate, mutations } from './mutate.ts';

/** A case that takes longer counts as a hang, in milliseconds; ordinary ones take a fraction of one. */
const MAX_CASE_MS = 5000;
const INFLATED_LIMIT = 256 * 1024;

/** Everything that bytes from outside go through first. */
export const TARGETS = [...FORMATS, 'gzip', 'zstd', 'grpc.frames'] as const;
type Target = (typeof TARGETS)[number];

/** What happened to the cases of one target. */
export interface TargetReport {
  cases: number;
  /** Decoded to something; the others were refused. */
  taken: number;
  slowestMs: number;
}

/** One attack. */
interface Case {
  readonly target: Target;
  readonly payload: number;
  readonly other: number;
  readonly changes: readonly Mutation[];
}

/** A few cases in a hundred go to the slow targets: each starts a decompressor. */
const arbitraryCase: fc.Arbitrary<Case> = fc.record({
  target: fc.oneof(
    { weight: 96, arbitrary: fc.constantFrom<Target>(...FORMATS) },
    { weight: 2, arbitrary: fc.constant<Target>('grpc.frames') },
    { weight: 1, arbitrary: fc.constant<Target>('gzip') },
    { weight: 1, arbitrary: fc.constant<Target>('zstd') },
  ),
  payload: fc.nat({ max: 1000 }),
  other: fc.nat({ max: 1000 }),
  changes: mutations,
});

/**
 * Runs `cases` mutated payloads through the decoders.
 *
 * Throws at the first one that ends in anything but a batch whose columns hold together or a WaybillError for a bad request, that takes
 * longer than a hang's limit, or that spoils the next payload of the same table; the message holds the case, made small, and its seed.
 */
export async function fuzz(
  cases: number,
  seed: number,
  onProgress?: (done: number) => void,
): Promise<ReadonlyMap<Target, TargetReport>> {
  const payloads = corpus();
  const reports = new Map<Target, TargetReport>(
    TARGETS.map((target) => [target, { cases: 0, taken: 0, slowestMs: 0 }]),
  );
  let done = 0;
  const property = fc.asyncProperty(arbitraryCase, async (attack) => {
    const began = performance.now();
    const isTaken = await survive(attack, payloads);
    const tookMs = performance.now() - began;
    if (tookMs > MAX_CASE_MS) throw new Error(`a hang: ${Math.round(tookMs)} ms`);
    const report = reports.get(attack.target);
    if (report !== undefined) {
      report.cases += 1;
      report.taken += isTaken ? 1 : 0;
      report.slowestMs = Math.max(report.slowestMs, tookMs);
    }
    done += 1;
    onProgress?.(done);
  });
  await fc.assert(property, { numRuns: cases, seed });
  return reports;
}

/** Whether the bytes were taken; refusals are WaybillErrors for what senders must not repeat. */
async function survive(attack: Case, payloads: Record<Format, readonly Uint8Array[]>): Promise<boolean> {
  try {
    await run(attack, payloads);
    return true;
  } catch (error) {
    if (!(error instanceof WaybillError)) throw error;
    const isRefusal = error.code === 'malformed_payload' || error.code === 'payload_too_large';
    if (!isRefusal || error.retryable) throw error;
    return false;
  }
}

async function run(
  { target, payload, other, changes }: Case,
  payloads: Record<Format, readonly Uint8Array[]>,
): Promise<void> {
  if (target === 'gzip' || target === 'zstd') {
    const good = pick(payloads['traces.protobuf'], payload);
    const compress = target === 'gzip' ? gzipSync : zstdCompressSync;
    const bytes = mutate(compress(good), changes, compress(pick(payloads['traces.json'], other)));
    await inflateWithin(target, bytes);
  } else if (target === 'grpc.frames') {
    const good = pick(payloads['traces.protobuf'], payload);
    const head = Buffer.alloc(5);
    head.writeUInt32BE(good.length, 1);
    const bytes = mutate(Buffer.concat([head, good]), changes, pick(payloads['traces.protobuf'], other));
    assemble(bytes, other + 1);
  } else decodeAndCheck(target, payload, other, changes, payloads[target]);
}

/** How many rows the payloads of the corpus have, decoded undisturbed. */
const rowsOf = new WeakMap<Uint8Array, number>();

function rowsIn(format: Format, good: Uint8Array): number {
  const rows = rowsOf.get(good) ?? decode(format, good, new KeyValueTable()).length;
  rowsOf.set(good, rows);
  return rows;
}

function decodeAndCheck(
  format: Format,
  payload: number,
  other: number,
  changes: readonly Mutation[],
  payloads: readonly Uint8Array[],
): void {
  const good = pick(payloads, payload);
  const bytes = mutate(good, changes, pick(payloads, other));
  const table = new KeyValueTable();
  const refusal = refusalOf(() => checkBatch(decode(format, bytes, table), bytes.length));
  judgeTable(table);
  // What was hostile may not spoil what the table remembers for the next request.
  if (decode(format, good, table).length !== rowsIn(format, good)) throw new Error('the next payload is spoilt');
  if (refusal !== undefined) throw refusal;
}

async function inflateWithin(coding: 'gzip' | 'zstd', bytes: Uint8Array): Promise<void> {
  const tally = new OtlpTally();
  const lease = new ByteBudget(MAX_PAYLOAD_BYTES + INFLATED_LIMIT, tally).lease();
  lease.take(bytes.length);
  let refusal: unknown;
  try {
    const body = await inflate(Buffer.from(bytes), coding, INFLATED_LIMIT, lease);
    if (body.length > INFLATED_LIMIT) throw new Error('inflated beyond the limit');
    if (tally.snapshot().bytesInFlight !== body.length) throw new Error('the budget does not hold what is held');
  } catch (error) {
    refusal = error;
  }
  lease.release();
  if (tally.snapshot().bytesInFlight !== 0) throw new Error('bytes of the budget are lost');
  if (refusal !== undefined) throw refusal;
}

function refusalOf(work: () => void): WaybillError | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof WaybillError) return error;
    throw error;
  }
}

function assemble(bytes: Uint8Array, pieceBytes: number): void {
  const limits = { maxBodyBytes: MAX_PAYLOAD_BYTES, maxCompressedBytes: MAX_PAYLOAD_BYTES };
  const tally = new OtlpTally();
  const lease = new ByteBudget(MAX_PAYLOAD_BYTES * 2, tally).lease();
  try {
    const assembler = new GrpcMessageAssembler(limits, lease);
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      assembler.push(Buffer.from(bytes.subarray(at, at + pieceBytes)));
    }
    const message = assembler.finish();
    if (message.bytes.length + 5 !== bytes.length) throw new Error('the message has another length');
  } finally {
    lease.release();
  }
}

function pick(payloads: readonly Uint8Array[], index: number): Uint8Array {
  return payloads[index % payloads.length] ?? new Uint8Array(0);
}
