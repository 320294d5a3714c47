import { mkdir, open, readdir, readFile, rename, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { readSegment, type SegmentContent } from './record.ts';

const SEGMENT_NAME = /^(\d{16})\.segment$/;
const RESERVATION = 1000;
/** A larger buffer, as for a record of a huge request, is not kept. */
const MAX_KEPT_BYTES = 64 * 1024 * 1024;

/** A sealed segment file. */
export interface SegmentFile {
  readonly id: number;
  readonly bytes: number;
}

/** What recovery found at start. */
export interface Recovery {
  readonly segments: readonly SegmentFile[];
  /** Bytes behind the last intact record of a segment: never acknowledged, so nothing is lost with them. */
  readonly tornBytes: number;
}

/** The journal's files: `<16 digits>.segment`, the id reservation `next-id`, and segments that the store refused in `refused/`. */
export class SegmentDirectory {
  readonly path: string;
  #nextId = 0;
  #reservedTo = 0;
  /** Segments are read into it one after another: left to the collector, several of them would lie about at any time. */
  #buffer = Buffer.alloc(0);
  #reading: Promise<unknown> = Promise.resolve();

  constructor(path: string) {
    this.path = path;
  }

  /**
   * Opens the directory, cuts torn tails, and removes empty segments; ids given later are above `afterId`. They go on
   * from the milliseconds since the epoch (`now`), which are ahead of any number of segments: a store may outlive the directory, or know more
   * segments than one that was restored from a backup.
   */
  async recover(afterId: number, now: number): Promise<Recovery> {
    await mkdir(this.path, { recursive: true, mode: 0o700 });
    const segments: SegmentFile[] = [];
    let tornBytes = 0;
    for (const name of (await readdir(this.path)).sort()) {
      const match = SEGMENT_NAME.exec(name);
      if (match === null) continue;
      const id = Number(match[1]);
      const size = (await stat(this.fileOf(id))).size;
      const { intactBytes } = await this.read(id);
      tornBytes += size - intactBytes;
      if (intactBytes === 0) await rm(this.fileOf(id));
      else {
        if (intactBytes < size) await truncate(this.fileOf(id), intactBytes);
        segments.push({ id, bytes: intactBytes });
      }
    }
    await this.#readReservation(Math.max(segments.at(-1)?.id ?? 0, afterId), now);
    return { segments, tornBytes };
  }

  fileOf(id: number): string {
    return join(this.path, `${id.toString().padStart(16, '0')}.segment`);
  }

  /** Reads a segment; its bytes are valid until the next one is read. */
  read(id: number): Promise<SegmentContent> {
    const reading = this.#reading.then(async () => readSegment(await this.#readFile(this.fileOf(id)), id));
    this.#reading = reading.catch(() => undefined);
    return reading;
  }

  async #readFile(path: string): Promise<Buffer> {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      if (size > this.#buffer.length || this.#buffer.length > MAX_KEPT_BYTES)
        this.#buffer = Buffer.allocUnsafeSlow(size);
      let length = 0;
      while (length < size) {
        const { bytesRead } = await file.read(this.#buffer, length, size - length, length);
        if (bytesRead === 0) break;
        length += bytesRead;
      }
      return this.#buffer.subarray(0, length);
    } finally {
      await file.close();
    }
  }

  async remove(id: number): Promise<void> {
    await rm(this.fileOf(id), { force: true });
  }

  /** Keeps a segment that the store will not take, out of the loader's way. */
  async setAside(id: number): Promise<void> {
    const refused = join(this.path, 'refused');
    await mkdir(refused, { recursive: true, mode: 0o700 });
    await rename(this.fileOf(id), join(refused, `${id.toString().padStart(16, '0')}.segment`));
  }

  /**
   * The next segment id. Ids are reserved in blocks of 1,000 on disk before use, so an id is never given twice even when every
   * segment was loaded and deleted before a crash; a repeated id would repeat a deduplication token and lose rows.
   */
  async takeId(): Promise<number> {
    if (this.#nextId >= this.#reservedTo) await this.#reserve(this.#nextId + RESERVATION);
    const id = this.#nextId;
    this.#nextId += 1;
    return id;
  }

  /** Makes created, renamed and removed files durable. */
  async sync(): Promise<void> {
    const directory = await open(this.path, 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }

  async #readReservation(lastId: number, now: number): Promise<void> {
    let reserved = 0;
    try {
      reserved = Number.parseInt(await readFile(join(this.path, 'next-id'), 'utf8'), 10) || 0;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    this.#nextId = Math.max(reserved, lastId + 1, now);
    this.#reservedTo = this.#nextId;
  }

  async #reserve(upTo: number): Promise<void> {
    const temporary = join(this.path, 'next-id.new');
    const file = await open(temporary, 'w', 0o600);
    try {
      await file.writeFile(String(upTo));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, join(this.path, 'next-id'));
    await this.sync();
    this.#reservedTo = upTo;
  }
}
