import { setTimeout as sleep } from 'node:timers/promises';
import { DemoError, Interrupted, messageOf, throwIfInterrupted } from './demo-error.ts';
import { type Exit, type ProcessSpec, type RunningProcess, startProcess } from './processes.ts';

/** What to keep running. */
export interface SupervisedSpec extends ProcessSpec {
  /** Where its output is, for messages. */
  readonly logPath: string;
  /** True when it is ready for the next one to start; asked again until it is. */
  readonly isReady: () => Promise<boolean>;
  /** Milliseconds until it must be ready. Default 60 000. */
  readonly readyMs?: number;
  /** How often it may be started again after it ended by itself. */
  readonly restarts: number;
}

/** A process that is started again when it ends by itself, a bounded number of times. */
export interface Supervised {
  readonly name: string;
  /** Rejects with a {@link DemoError} when it ended once too often; pending otherwise. */
  readonly failed: Promise<never>;
  /** Resolves with the exit when it ends with code 0 by itself. */
  readonly finished: Promise<Exit>;
  /** How often it was started again. */
  restarted(): number;
  stop(): Promise<void>;
}

/** Waits this long before starting a process again, in milliseconds. */
const restartDelayMs = 1000;

/**
 * Starts a process, waits until it is ready, and keeps it running.
 *
 * @param report takes one sentence whenever it ends by itself
 * @throws DemoError when it does not become ready; it is stopped then.
 */
export async function supervise(
  spec: SupervisedSpec,
  report: (sentence: string) => void,
  signal?: AbortSignal,
): Promise<Supervised> {
  let running = await startUntilReady(spec, signal);
  let restarts = 0;
  let stopping = false;
  const finished = Promise.withResolvers<Exit>();
  const failed = Promise.withResolvers<never>();
  // Nobody may be listening at the moment of the failure; whoever asks later still gets it.
  failed.promise.catch(() => {});
  const watch = async () => {
    for (;;) {
      const exit = await running.exited;
      if (exit.requested || stopping) return;
      if (exit.code === 0 && spec.restarts === 0) return finished.resolve(exit);
      if (restarts >= spec.restarts) throw endedError(spec, exit, running);
      restarts += 1;
      report(
        `${spec.name} ${describeExit(exit)}; starting it again (${restarts} of ${spec.restarts}). Log: ${spec.logPath}`,
      );
      await sleep(restartDelayMs);
      if (stopping) return;
      running = await startProcess(spec);
    }
  };
  const watching = watch().catch((error: unknown) => failed.reject(asDemoError(spec, error)));
  const stop = async () => {
    stopping = true;
    await running.stop();
    await watching;
    // A start that was under way when we began to stop.
    await running.stop();
  };
  return { name: spec.name, failed: failed.promise, finished: finished.promise, restarted: () => restarts, stop };
}

async function startUntilReady(spec: SupervisedSpec, signal: AbortSignal | undefined): Promise<RunningProcess> {
  throwIfInterrupted(signal);
  const running = await startProcess(spec);
  const readyMs = spec.readyMs ?? 60_000;
  const until = Date.now() + readyMs;
  try {
    while (!(await spec.isReady())) {
      throwIfInterrupted(signal);
      if (running.ended()) throw endedError(spec, await running.exited, running);
      if (Date.now() > until) {
        throw new DemoError(`${spec.name} was not ready within ${readyMs / 1000} s.`, {
          remedy: lastWords(spec, running),
        });
      }
      await sleep(100);
    }
    return running;
  } catch (error) {
    await running.stop();
    throw error;
  }
}

function endedError(spec: SupervisedSpec, exit: Exit, running: RunningProcess): DemoError {
  return new DemoError(`${spec.name} ${describeExit(exit)}.`, { remedy: lastWords(spec, running) });
}

function lastWords(spec: SupervisedSpec, running: RunningProcess): string[] {
  return [...running.tail().slice(-5), `Log: ${spec.logPath}`];
}

function asDemoError(spec: SupervisedSpec, error: unknown): DemoError | Interrupted {
  if (error instanceof DemoError || error instanceof Interrupted) return error;
  return new DemoError(`${spec.name} could not be started again: ${messageOf(error)}.`, { cause: error });
}

/** How a process ended, as the end of a sentence that begins with its name. */
export function describeExit(exit: Exit): string {
  return exit.signal === null ? `ended by itself with exit code ${exit.code}` : `was ended by ${exit.signal}`;
}
