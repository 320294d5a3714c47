import { WaybillError } from '../model/errors.ts';
import { parseRfc3339, type UnixNano } from '../model/units.ts';

/** Reads a time of a query; undefined where it was not given. Throws `invalid_argument` where it is no time. */
export function toTime(name: string, text: string | undefined): UnixNano | undefined {
  if (text === undefined) return undefined;
  const at = parseRfc3339(text);
  if (at !== undefined) return at;
  throw new WaybillError('invalid_argument', `\`${name}\` is not a time`, {
    remedy: 'write RFC 3339, such as 2026-11-22T00:00:00Z',
  });
}
