import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { type Duplex, pipeline, type Readable } from 'node:stream';
import { crc32, createGunzip, createInflateRaw } from 'node:zlib';
import { WaybillError } from '../../model/errors.ts';
import { listZip, type ZipEntry, zipDataOffset } from '../../wire/eventlog/zip.ts';

/** Formats that can be imported. */
export const IMPORT_FORMATS = ['csv', 'xes', 'ocel-json', 'ocel-sqlite', 'jsonl'] as const;

export type ImportFormat = (typeof IMPORT_FORMATS)[number];

/** Bytes after unpacking; default of `maxUnpackedBytes`. 8 GiB are about 30 million events. */
export const DEFAULT_MAX_UNPACKED_BYTES = 8 * 1024 ** 3;

/** Bytes at the beginning of the unpacked file that are looked at. */
const HEAD_BYTES = 256 * 1024;
const CHUNK_BYTES = 256 * 1024;

type Packing =
  | { readonly kind: 'plain' | 'gzip' }
  | { readonly kind: 'zip'; readonly entry: ZipEntry; readonly offset: number };

/** An event log on disk, packed or not. */
export interface LogFile {
  readonly path: string;
  readonly format: ImportFormat;
  /** Bytes on disk. */
  readonly bytes: number;
  /** The beginning, unpacked; empty for SQLite. */
  readonly head: Uint8Array;
  /**
   * The unpacked bytes from the beginning; MAY be called again.
   *
   * `onRead` hears how many bytes of the file on disk were read since the last call. Throws `payload_too_large` past
   * the bound and `malformed_payload` where the packing is damaged.
   */
  chunks(onRead?: (bytes: number) => void): AsyncGenerator<Uint8Array>;
}

/**
 * Opens an event log: plain, gzip, or a zip archive with exactly one CSV in it.
 *
 * The format is told from the content where it is not given. Throws `not_found`, `unsupported_media_type` and
 * `malformed_payload`.
 */
export async function openLogFile(
  path: string,
  { format, maxUnpackedBytes = DEFAULT_MAX_UNPACKED_BYTES }: { format?: ImportFormat; maxUnpackedBytes?: number } = {},
): Promise<LogFile> {
  const { bytes, magic, packing } = await probe(path);
  const chunks = (onRead?: (bytes: number) => void): AsyncGenerator<Uint8Array> =>
    unpacked(path, { packing, bytes }, maxUnpackedBytes, onRead);
  const isSqlite = magic.toString('latin1').startsWith('SQLite format 3\0');
  if (isSqlite || format === 'ocel-sqlite') {
    if (!isSqlite || (format !== undefined && format !== 'ocel-sqlite')) {
      throw new WaybillError('unsupported_media_type', 'the file is not of the given format', {
        remedy: isSqlite ? 'leave --format out or say ocel-sqlite' : 'OCEL 2.0 SQLite is read unpacked only',
      });
    }
    return { path, format: 'ocel-sqlite', bytes, head: new Uint8Array(), chunks };
  }
  const head = await headOf(chunks());
  if (head.length === 0) throw new WaybillError('malformed_payload', 'the file is empty');
  return { path, format: format ?? formatOf(head), bytes, head, chunks };
}

async function probe(path: string): Promise<{ bytes: number; magic: Buffer; packing: Packing }> {
  const handle = await openHandle(path);
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw new WaybillError('invalid_argument', 'it is not a file', { remedy: 'name one file' });
    const magic = Buffer.from(await readAt(handle, 0, 16));
    if (magic[0] === 0x1f && magic[1] === 0x8b) return { bytes: stat.size, magic, packing: { kind: 'gzip' } };
    if (magic.toString('latin1', 0, 2) !== 'PK') return { bytes: stat.size, magic, packing: { kind: 'plain' } };
    const read = (offset: number, length: number): Promise<Uint8Array> => readAt(handle, offset, length);
    const entry = onlyCsv(await listZip(stat.size, read));
    return { bytes: stat.size, magic, packing: { kind: 'zip', entry, offset: await zipDataOffset(entry, read) } };
  } finally {
    await handle.close();
  }
}

async function openHandle(path: string): Promise<FileHandle> {
  try {
    return await open(path);
  } catch (cause) {
    throw new WaybillError('not_found', 'the file cannot be opened', {
      remedy: 'check its name and its permissions',
      cause,
    });
  }
}

async function readAt(handle: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await handle.read(bytes, 0, length, offset);
  return bytes.subarray(0, bytesRead);
}

function onlyCsv(entries: readonly ZipEntry[]): ZipEntry {
  // Archives made on a Mac carry a shadow of each file.
  const files = entries.filter(({ name }) => !name.startsWith('__MACOSX/') && /\.(csv|tsv|txt)$/i.test(name));
  const [only] = files;
  if (only !== undefined && files.length === 1) return only;
  throw new WaybillError('unsupported_media_type', `the zip archive holds ${files.length} CSV files, not one`, {
    remedy: 'unpack the archive and import the file that is meant',
  });
}

async function* unpacked(
  path: string,
  { packing, bytes: size }: { readonly packing: Packing; readonly bytes: number },
  maxBytes: number,
  onRead: ((bytes: number) => void) | undefined,
): AsyncGenerator<Uint8Array> {
  const isZip = packing.kind === 'zip';
  if (isZip && packing.entry.bytes > maxBytes) throw tooLarge(maxBytes);
  if (isZip && packing.entry.compressedBytes === 0) return;
  const range = isZip ? { start: packing.offset, end: packing.offset + packing.entry.compressedBytes - 1 } : {};
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES, ...range });
  // The callback only keeps pipeline from throwing; the error reaches whoever reads the last stream.
  const through = unpackerOf(packing);
  const stream: Readable = through === undefined ? file : pipeline(file, through, () => {});
  let bytes = 0;
  let checksum = 0;
  let told = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      bytes += chunk.length;
      if (packing.kind !== 'plain' && bytes > (isZip ? packing.entry.bytes : maxBytes)) throw tooLarge(maxBytes);
      if (isZip) checksum = crc32(chunk, checksum);
      onRead?.(file.bytesRead - told);
      told = file.bytesRead;
      yield chunk;
    }
  } catch (cause) {
    throw isZlibError(cause) ? damaged(cause) : cause;
  } finally {
    file.destroy();
    stream.destroy();
  }
  if (isZip && (bytes !== packing.entry.bytes || checksum !== packing.entry.crc32)) throw damaged();
  // The directory of an archive is not read through, but at the end all of the file is done.
  onRead?.(size - told);
}

function unpackerOf(packing: Packing): Duplex | undefined {
  if (packing.kind === 'gzip') return createGunzip({ chunkSize: CHUNK_BYTES });
  return packing.kind === 'zip' && packing.entry.isDeflated ? createInflateRaw({ chunkSize: CHUNK_BYTES }) : undefined;
}

async function headOf(chunks: AsyncGenerator<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    parts.push(chunk);
    bytes += chunk.length;
    if (bytes >= HEAD_BYTES) break;
  }
  return Buffer.concat(parts).subarray(0, HEAD_BYTES);
}

function formatOf(head: Uint8Array): ImportFormat {
  const isWide = (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff);
  const text = Buffer.from(head)
    .toString(isWide ? 'utf16le' : 'utf8')
    .replace(/^\ufeff/, '')
    .trimStart();
  if (text.startsWith('<')) return 'xes';
  if (!text.startsWith('{')) return 'csv';
  return /^\{\s*"orderId"\s*:/.test(text) ? 'jsonl' : 'ocel-json';
}

function isZlibError(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' && cause.code.startsWith('Z_');
}

function damaged(cause?: unknown): WaybillError {
  return new WaybillError('malformed_payload', 'the packed file is damaged or cut off', {
    remedy: 'fetch it again; what was imported so far does no harm, importing it again adds nothing twice',
    cause,
  });
}

function tooLarge(maxBytes: number): WaybillError {
  return new WaybillError(
    'payload_too_large',
    `the file unpacks to more than it may (${maxBytes} bytes) or says it does`,
    {
      remedy: 'raise --max-unpacked-bytes if the file can be trusted',
    },
  );
}
