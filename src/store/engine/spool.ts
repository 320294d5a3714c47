import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { lstat, mkdir, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { EngineException, EXCEPTION } from './exception.ts';

const SHARED_MEMORY = '/dev/shm';
/** Free shared memory that must remain for others, in bytes. Containers often have 64 MiB in total. */
const SHARED_MEMORY_RESERVE = 256 * 1024 * 1024;
/** `file()` reads these as patterns. */
const GLOB = /[*?{}[\]]/;

/** The data of one INSERT as a file that the engine can read. */
export interface SpooledData {
  readonly path: string;
  readonly byteLength: number;
  remove(): Promise<void>;
}

/**
 * Keeps the data of INSERTs in files, since the engine takes binary data from nowhere else: in shared memory while there is plenty,
 * else beside the data. Both directories are emptied at the start.
 */
export class Spool {
  readonly #diskDirectory: string;
  readonly #memoryDirectory: string | undefined;
  readonly #maxBytes: number;

  private constructor(diskDirectory: string, memoryDirectory: string | undefined, maxBytes: number) {
    this.#diskDirectory = diskDirectory;
    this.#memoryDirectory = memoryDirectory;
    this.#maxBytes = maxBytes;
  }

  /** Makes the directories; `directory` belongs to this process alone. */
  static async open(directory: string, maxBytes: number): Promise<Spool> {
    const disk = join(directory, 'spool');
    if (GLOB.test(disk)) {
      throw new Error(
        'the path of the data directory contains one of * ? { } [ ], which the engine reads as a pattern',
      );
    }
    await rm(disk, { recursive: true, force: true });
    await mkdir(disk, { mode: 0o700 });
    return new Spool(disk, await openSharedMemory(directory), maxBytes);
  }

  /** Writes a stream to a file; refuses more than `maxInsertBytes`. */
  async write(source: Readable): Promise<SpooledData> {
    const path = join(await this.#directory(), `${randomUUID()}.bin`);
    let byteLength = 0;
    const maxBytes = this.#maxBytes;
    const counter = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        byteLength += chunk.length;
        if (byteLength > maxBytes) {
          done(new EngineException(EXCEPTION.tooLarge, `The data of an INSERT is longer than ${maxBytes} bytes`));
        } else done(null, chunk);
      },
    });
    const remove = (): Promise<void> => rm(path, { force: true });
    try {
      await pipeline(source, counter, createWriteStream(path, { mode: 0o600 }));
    } catch (cause) {
      await remove();
      if (cause instanceof Error && 'code' in cause && cause.code === 'ENOSPC') {
        throw new EngineException(EXCEPTION.notEnoughSpace, 'No space left for the data of an INSERT');
      }
      throw cause;
    }
    return { path, byteLength, remove };
  }

  async close(): Promise<void> {
    await rm(this.#diskDirectory, { recursive: true, force: true });
    if (this.#memoryDirectory !== undefined) await rm(this.#memoryDirectory, { recursive: true, force: true });
  }

  async #directory(): Promise<string> {
    if (this.#memoryDirectory === undefined) return this.#diskDirectory;
    const { bavail, bsize } = await statfs(this.#memoryDirectory);
    return bavail * bsize > this.#maxBytes + SHARED_MEMORY_RESERVE ? this.#memoryDirectory : this.#diskDirectory;
  }
}

/** A directory of our own in shared memory, or undefined where that cannot be had; anybody may write to the place, so it is checked. */
async function openSharedMemory(directory: string): Promise<string | undefined> {
  const name = createHash('sha256').update(directory).digest('hex').slice(0, 24);
  const path = join(SHARED_MEMORY, `waybill-${process.getuid?.() ?? 0}-${name}`);
  try {
    await rm(path, { recursive: true, force: true });
    await mkdir(path, { mode: 0o700 });
    const found = await lstat(path);
    return found.isDirectory() && found.uid === process.getuid?.() ? path : undefined;
  } catch {
    return undefined;
  }
}
