import { Worker } from 'node:worker_threads';
import { moduleFile } from '../model/module-file.ts';
import type { LoadOptions, LoadPhase, LoadResult } from './load.ts';
import type { LoadAnswer, LoadRequest } from './load-thread.ts';

/** The load in a thread of its own; see `Load`. */
export class Generator {
  readonly #worker: Worker;
  readonly #failed: Promise<never>;
  readonly #onAcknowledged: (request: number) => void;

  /** @param onAcknowledged is told the number of a request soon after its acknowledgement, of 20 requests a second at most */
  constructor(options: LoadOptions, onAcknowledged: (request: number) => void = () => undefined) {
    this.#worker = new Worker(moduleFile(import.meta.url, './load-thread'), { workerData: options });
    this.#onAcknowledged = onAcknowledged;
    this.#failed = new Promise((_, reject) => this.#worker.once('error', reject));
    // Told to whoever waits for an answer.
    this.#failed.catch(() => undefined);
  }

  /** A request as it goes out, before compression. */
  async sample(): Promise<Uint8Array> {
    const answer = await this.#ask({ kind: 'sample' }, 'sample');
    return answer.bytes;
  }

  async run(phase: LoadPhase): Promise<LoadResult> {
    const answer = await this.#ask({ kind: 'run', phase }, 'result');
    return answer.result;
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #ask<Kind extends LoadAnswer['kind']>(
    request: LoadRequest,
    kind: Kind,
  ): Promise<Extract<LoadAnswer, { kind: Kind }>> {
    const answered = new Promise<Extract<LoadAnswer, { kind: Kind }>>((resolve) => {
      const onMessage = (answer: LoadAnswer): void => {
        if (answer.kind === 'acknowledged') this.#onAcknowledged(answer.request);
        if (!isOf(answer, kind)) return;
        this.#worker.off('message', onMessage);
        resolve(answer);
      };
      this.#worker.on('message', onMessage);
      this.#worker.postMessage(request, []);
    });
    return Promise.race([answered, this.#failed]);
  }
}

function isOf<Kind extends LoadAnswer['kind']>(
  answer: LoadAnswer,
  kind: Kind,
): answer is Extract<LoadAnswer, { kind: Kind }> {
  return answer.kind === kind;
}
