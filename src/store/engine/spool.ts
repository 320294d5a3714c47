import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { lstat, mkdir, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { EngineException, EXCEPTION } from './exception.ts';
import type { SpoolAccess, SpoolPlaces } from './options.ts';

const SHARED_MEMORY = '/dev/shm';
/** Free shared memory that must remain for others, in bytes. Containers often have 64 MiB in total. */
const SHARED_MEMORY_RESERVE = 256 * 1024 * 1024;
/** `file()` reads these as patterns. */
const GLOB = /[*?{}[\]]/;
const FILE_NAME = /^[0-9a-f-]{36}\.bin$/;

/** The data of one INSERT as a file that the engine can read. */
export interface SpooledData {
  readonly path: string;
  readonly byteLength: number;
  remove(): Promise<void>;
}

/**
 * Keeps the data of INSERTs in files, since the engine takes binary data from nowhere else: in shared memory while there is plenty,
 * else beside the data. Both directories are emptied at the start.
 *
 * Who started the embedded server writes into them as well and names the file in its request: a socket between two processes would cost
 * more CPU than everything else that happens to the bytes on their way.
 */
export class Spool implements SpoolAccess {
  readonly places: SpoolPlaces;
  readonly maxBytes: number;

  /** @param places of a spool that is open, maybe in another process */
  constructor(places: SpoolPlaces, maxBytes: number) {
    this.places = places;
    this.maxBytes = maxBytes;
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
    return new Spool({ disk, memory: await openSharedMemory(directory) }, maxBytes);
  }

  /** Writes a stream to a file; refuses more than `maxInsertBytes`. */
  async write(source: Readable): Promise<SpooledData> {
    const path = join(await this.#directory(), `${randomUUID()}.bin`);
    let byteLength = 0;
    const maxBytes = this.maxBytes;
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

  /** Writes bytes to a file, for a request that names it; undefined where that fails, and they have to go another way. */
  async hand(chunks: readonly Uint8Array[]): Promise<SpooledData | undefined> {
    const byteLength = chunks.reduce((sum, { length }) => sum + length, 0);
    if (byteLength > this.maxBytes) return undefined;
    let path: string | undefined;
    try {
      path = join(await this.#directory(), `${randomUUID()}.bin`);
      await writeFile(path, chunks, { mode: 0o600 });
    } catch {
      if (path !== undefined) await rm(path, { force: true }).catch(() => undefined);
      return undefined;
    }
    const written = path;
    return { path: written, byteLength, remove: () => rm(written, { force: true }) };
  }

  /** The file that a request names; whoever wrote it removes it. */
  async handed(path: string): Promise<SpooledData> {
    const { disk, memory } = this.places;
    if (!FILE_NAME.test(basename(path)) || ![disk, memory].includes(dirname(path))) {
      throw new EngineException(EXCEPTION.unsupported, 'The data of an INSERT is not in the spool');
    }
    const found = await stat(path).catch(() => undefined);
    // The directories are emptied when the server starts.
    if (found === undefined) throw new EngineException(EXCEPTION.aborted, 'The data of an INSERT is gone');
    return { path, byteLength: found.size, remove: () => Promise.resolve() };
  }

  async close(): Promise<void> {
    const { disk, memory } = this.places;
    await rm(disk, { recursive: true, force: true });
    if (memory !== undefined) await rm(memory, { recursive: true, force: true });
  }

  async #directory(): Promise<string> {
    const { disk, memory } = this.places;
    if (memory === undefined) return disk;
    const { bavail, bsize } = await statfs(memory);
    return bavail * bsize > this.maxBytes + SHARED_MEMORY_RESERVE ? memory : disk;
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
