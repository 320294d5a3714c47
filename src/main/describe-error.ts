import { WaybillError } from '../model/errors.ts';

/** What may be logged of an error: our own messages carry no data, foreign ones may. */
export function describeError(error: unknown): string {
  if (error instanceof WaybillError) return `${error.code}: ${error.message}`;
  return error instanceof Error
    ? `unexpected ${error.name} at ${error.stack?.split('\n')[1]?.trim() ?? 'an unknown place'}`
    : 'unexpected error';
}
