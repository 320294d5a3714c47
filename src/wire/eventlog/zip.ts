import { WaybillError } from '../../model/errors.ts';

/** A file inside a zip archive. */
export interface ZipEntry {
  readonly name: string;
  readonly isDeflated: boolean;
  readonly compressedBytes: number;
  readonly bytes: number;
  readonly crc32: number;
  /** Where its local header starts. */
  readonly headerOffset: number;
}

/** Reads `length` bytes at `offset`; fewer only at the end of the archive. */
export type ReadAt = (offset: number, length: number) => Promise<Uint8Array>;

const END_RECORD = 0x06054b50;
const CENTRAL_HEADER = 0x02014b50;
const LOCAL_HEADER = 0x04034b50;
const END_BYTES = 22;
const CENTRAL_BYTES = 46;
const LOCAL_BYTES = 30;
const MAX_COMMENT = 65_535;
/** Bytes of the central directory; archives of thousands of files are not event logs. */
const MAX_DIRECTORY_BYTES = 1024 * 1024;

/**
 * Lists the files of a zip archive from its central directory (APPNOTE 4.3); directories are left out.
 *
 * Stored and deflated files; encrypted ones, ZIP64 and archives over several volumes throw `malformed_payload`.
 */
export async function listZip(size: number, readAt: ReadAt): Promise<ZipEntry[]> {
  const tailBytes = Math.min(size, END_BYTES + MAX_COMMENT);
  const tail = Buffer.from(await readAt(size - tailBytes, tailBytes));
  let at = tail.length - END_BYTES;
  while (
    at >= 0 &&
    (tail.readUInt32LE(at) !== END_RECORD || at + END_BYTES + tail.readUInt16LE(at + 20) !== tail.length)
  )
    at -= 1;
  if (at < 0) throw broken('it has no end record; it was probably cut off');
  const count = tail.readUInt16LE(at + 10);
  const directoryBytes = tail.readUInt32LE(at + 12);
  const directoryOffset = tail.readUInt32LE(at + 16);
  if (count === 0xffff || directoryBytes === 0xffff_ffff || directoryOffset === 0xffff_ffff)
    throw broken('ZIP64 is not read');
  if (tail.readUInt16LE(at + 4) !== 0 || tail.readUInt16LE(at + 8) !== count) throw broken('it has several volumes');
  if (directoryBytes > MAX_DIRECTORY_BYTES || directoryOffset + directoryBytes > size)
    throw broken('its directory is too large');
  const directory = Buffer.from(await readAt(directoryOffset, directoryBytes));
  const entries: ZipEntry[] = [];
  let from = 0;
  for (let index = 0; index < count; index += 1) {
    if (from + CENTRAL_BYTES > directory.length || directory.readUInt32LE(from) !== CENTRAL_HEADER)
      throw broken('its directory is damaged');
    const { entry, next } = centralEntry(directory, from);
    if (!entry.name.endsWith('/')) entries.push(entry);
    from = next;
  }
  return entries;
}

/** Where the data of an entry starts; the local header repeats the name and has extra fields of its own length. */
export async function zipDataOffset(entry: ZipEntry, readAt: ReadAt): Promise<number> {
  const header = Buffer.from(await readAt(entry.headerOffset, LOCAL_BYTES));
  if (header.length < LOCAL_BYTES || header.readUInt32LE(0) !== LOCAL_HEADER) throw broken('a file header is damaged');
  return entry.headerOffset + LOCAL_BYTES + header.readUInt16LE(26) + header.readUInt16LE(28);
}

function centralEntry(directory: Buffer, from: number): { entry: ZipEntry; next: number } {
  const flags = directory.readUInt16LE(from + 8);
  const method = directory.readUInt16LE(from + 10);
  const nameBytes = directory.readUInt16LE(from + 28);
  const next = from + CENTRAL_BYTES + nameBytes + directory.readUInt16LE(from + 30) + directory.readUInt16LE(from + 32);
  if (next > directory.length) throw broken('its directory is damaged');
  const entry: ZipEntry = {
    name: directory.toString('utf8', from + CENTRAL_BYTES, from + CENTRAL_BYTES + nameBytes),
    isDeflated: method === 8,
    crc32: directory.readUInt32LE(from + 16),
    compressedBytes: directory.readUInt32LE(from + 20),
    bytes: directory.readUInt32LE(from + 24),
    headerOffset: directory.readUInt32LE(from + 42),
  };
  if ((flags & 1) !== 0) throw broken('it is encrypted');
  if (method !== 0 && method !== 8) throw broken('it is packed with a method other than deflate');
  if (entry.bytes === 0xffff_ffff || entry.compressedBytes === 0xffff_ffff || entry.headerOffset === 0xffff_ffff) {
    throw broken('ZIP64 is not read');
  }
  return { entry, next };
}

function broken(what: string): WaybillError {
  return new WaybillError('malformed_payload', `the zip archive cannot be read: ${what}`, {
    remedy: 'unpack the archive and import the file in it',
  });
}
