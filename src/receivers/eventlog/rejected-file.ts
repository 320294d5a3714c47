import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { row } from '../../wire/eventlog/csv-writer.ts';
import type { RejectedRow } from '../../wire/eventlog/event.ts';

/** Keeps the rows that an import could not take in a CSV file (`line,reason,raw`), which appears with the first of them. */
export class RejectedFile {
  readonly path: string;
  #stream: WriteStream | undefined;
  #failure: unknown;

  constructor(path: string) {
    this.path = path;
  }

  /** Pass it to `importEventLog` as `rejected`. Resolves when more may be written; rejects when the file cannot be. */
  readonly write = async ({ line, reason, raw }: RejectedRow): Promise<void> => {
    if (this.#stream === undefined) {
      this.#stream = createWriteStream(this.path, { mode: 0o600 });
      this.#stream.on('error', (cause) => {
        this.#failure = cause;
      });
      this.#stream.write(row(['line', 'reason', 'raw']));
    }
    if (this.#failure !== undefined) throw this.#failure;
    if (!this.#stream.write(row([String(line), reason, raw]))) await once(this.#stream, 'drain');
  };

  async close(): Promise<void> {
    if (this.#stream === undefined) return;
    this.#stream.end();
    await finished(this.#stream);
  }
}
