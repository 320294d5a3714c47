import { errorText, log } from './log.ts';
import { stopTelemetry } from './telemetry.ts';

/** Called when the process ends, last registered first. */
export type AtStop = (stop: () => Promise<unknown>) => void;

/** After a signal the process ends by itself within this time, whatever hangs, in milliseconds. */
const stopWithinMs = 2800;

/**
 * Runs a process until its work returns (an exit code, or nothing for a service that goes on) or SIGTERM or SIGINT
 * comes. Then everything registered is stopped in reverse and telemetry is flushed.
 * @param whenSignalled the exit code after a signal
 */
export async function run(
  work: (signal: AbortSignal, atStop: AtStop) => Promise<number | undefined>,
  whenSignalled = 0,
): Promise<void> {
  const stopping = new AbortController();
  const stops: (() => Promise<unknown>)[] = [];
  const signalled = new Promise<'signal'>((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) {
      process.once(name, () => {
        setTimeout(() => process.exit(1), stopWithinMs).unref();
        resolve('signal');
      });
    }
  });
  let exitCode = 0;
  try {
    const outcome = await Promise.race([work(stopping.signal, (stop) => stops.unshift(stop)), signalled]);
    if (outcome === undefined) await signalled;
    else exitCode = outcome === 'signal' ? whenSignalled : outcome;
  } catch (error) {
    log('-', `stopped by an error: ${errorText(error)}`);
    exitCode = 1;
  }
  stopping.abort();
  for (const stop of stops) await Promise.race([stop().catch(() => undefined), expired(800)]);
  await stopTelemetry(1200);
  process.exit(exitCode);
}

function expired(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
