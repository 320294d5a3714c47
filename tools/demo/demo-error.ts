/** Exit codes of the demo: they mean the same thing in every version. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, missing: 3 } as const;

/** One of the demo's exit codes. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/**
 * An expected error of the demo: printed as its message and remedy, never with a stack trace.
 *
 * `remedy` holds complete lines that the reader can type or do; `exitCode` is 1 unless told.
 */
export class DemoError extends Error {
  override readonly name = 'DemoError';
  readonly remedy: readonly string[];
  readonly exitCode: ExitCode;

  constructor(message: string, options: { remedy?: readonly string[]; exitCode?: ExitCode; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.remedy = options.remedy ?? [];
    this.exitCode = options.exitCode ?? exitCodes.failed;
  }
}

/** The user asked to stop while something was starting: everything started is stopped and the exit code is 0. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** Throws {@link Interrupted} when the signal has fired. */
export function throwIfInterrupted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new Interrupted('Interrupted.');
}

/** The message of anything thrown, on one line. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
