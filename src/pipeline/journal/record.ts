import { crc32 } from 'node:zlib';
import type { TableBlocks } from '../../model/segment.ts';
import { type PlannedBlock, writeBlock } from '../../wire/native/encode.ts';

/**
 * A record of a segment file: one batch, complete in itself.
 *
 * Layout, little-endian: magic u32 `WBR1`, payload length u32, CRC-32 of the payload u32, payload. The payload is, per table:
 * name length u8, name (ASCII), rows u32, block length u32, one block in ClickHouse's Native format.
 */
const MAGIC = 0x31524257;
const HEADER_BYTES = 12;

/** Longest payload that is taken for a record; a longer length is a torn or foreign header. */
const MAX_PAYLOAD_BYTES = 1024 ** 3;

/** The projector's work list. Its rows come last into the store: who reads them must find what they point at. */
export const TOUCHES = 'touches';

/** Tables whose rows carry the number of their segment, as the last column of the block. */
const STAMPED_TABLES: ReadonlySet<string> = new Set([TOUCHES, 'status_facts', 'order_attributes']);

/** One table's rows of a record. */
export interface TableBlock {
  readonly table: string;
  readonly rows: number;
  /** In the Native format. A planned one is written straight into the record, which saves a copy and memory for the collector. */
  readonly block: Uint8Array | PlannedBlock;
}

/** A record as bytes, with what the journal counts of it. */
export interface JournalRecord {
  readonly bytes: Uint8Array;
  readonly rows: number;
  /** Resources that it has rows of. */
  readonly resourceIds: readonly bigint[];
}

/** Packs the blocks of one batch into a record. */
export function packRecord(blocks: readonly TableBlock[], resourceIds: readonly bigint[] = []): JournalRecord {
  let payloadLength = 0;
  for (const { table, block } of blocks) payloadLength += 1 + table.length + 8 + block.length;
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + payloadLength);
  let at = HEADER_BYTES;
  let rows = 0;
  for (const { table, rows: tableRows, block } of blocks) {
    at = bytes.writeUInt8(table.length, at);
    at += bytes.write(table, at, 'ascii');
    at = bytes.writeUInt32LE(tableRows, at);
    at = bytes.writeUInt32LE(block.length, at);
    if (block instanceof Uint8Array) bytes.set(block, at);
    else writeBlock(block, bytes, at);
    at += block.length;
    rows += tableRows;
  }
  bytes.writeUInt32LE(MAGIC, 0);
  bytes.writeUInt32LE(payloadLength, 4);
  bytes.writeUInt32LE(crc32(bytes.subarray(HEADER_BYTES)), 8);
  return { bytes, rows, resourceIds };
}

/** What a segment file holds: the tables' blocks, and where its intact part ends. */
export interface SegmentContent {
  readonly tables: readonly TableBlocks[];
  readonly records: number;
  readonly rows: number;
  /** Offset behind the last intact record; what follows is a torn tail. */
  readonly intactBytes: number;
}

/** Reads a segment file up to its first record that is not intact; stamps the rows that carry the segment's number. */
export function readSegment(file: Buffer, id: number): SegmentContent {
  const tables = new Map<string, { rows: number; blocks: Uint8Array[] }>();
  let at = 0;
  let records = 0;
  let rows = 0;
  for (;;) {
    const payload = intactPayload(file, at);
    if (payload === undefined) break;
    rows += collectBlocks(payload, tables, id);
    records += 1;
    at += HEADER_BYTES + payload.length;
  }
  const touches = tables.get(TOUCHES);
  if (touches !== undefined) {
    tables.delete(TOUCHES);
    tables.set(TOUCHES, touches);
  }
  return {
    tables: [...tables].map(([table, { rows: tableRows, blocks }]) => ({ table, rows: tableRows, blocks })),
    records,
    rows,
    intactBytes: at,
  };
}

function intactPayload(file: Buffer, at: number): Buffer | undefined {
  if (at + HEADER_BYTES > file.length || file.readUInt32LE(at) !== MAGIC) return undefined;
  const length = file.readUInt32LE(at + 4);
  if (length > MAX_PAYLOAD_BYTES || at + HEADER_BYTES + length > file.length) return undefined;
  const payload = file.subarray(at + HEADER_BYTES, at + HEADER_BYTES + length);
  return crc32(payload) === file.readUInt32LE(at + 8) ? payload : undefined;
}

function collectBlocks(
  payload: Buffer,
  tables: Map<string, { rows: number; blocks: Uint8Array[] }>,
  id: number,
): number {
  let at = 0;
  let rows = 0;
  while (at < payload.length) {
    const nameLength = payload.readUInt8(at);
    const table = payload.toString('ascii', at + 1, at + 1 + nameLength);
    at += 1 + nameLength;
    const tableRows = payload.readUInt32LE(at);
    const blockLength = payload.readUInt32LE(at + 4);
    at += 8;
    const known = tables.get(table) ?? { rows: 0, blocks: [] };
    known.rows += tableRows;
    const block = payload.subarray(at, at + blockLength);
    if (STAMPED_TABLES.has(table)) stampSegment(block, tableRows, id);
    known.blocks.push(block);
    tables.set(table, known);
    at += blockLength;
    rows += tableRows;
  }
  return rows;
}

/** Writes the segment's number into the last column of a block: 8 bytes a row at its very end. */
function stampSegment(block: Buffer, rows: number, id: number): void {
  for (let row = 0; row < rows; row += 1) block.writeBigUInt64LE(BigInt(id), block.length - (rows - row) * 8);
}
