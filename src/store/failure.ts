import { WaybillError } from '../model/errors.ts';
import { StoreRefusal } from './refusal.ts';

// Codes from ClickHouse's src/Common/ErrorCodes.cpp.

/** The same statement may succeed later: the server is busy, starting, out of memory or without its peers. */
const RETRYABLE_CODES = new Set('159 202 203 209 210 236 241 242 252 285 319 394 425 439 999 1000'.split(' '));
const NOT_ENOUGH_SPACE = '243';
/** User, password or rights are wrong. */
const ACCESS_CODES = new Set(['192', '193', '194', '497', '516']);
/** Texts of these are about our SQL, in which there is never data: syntax, unknown tables, names, functions, settings. */
const TELLING_CODES = new Set(['16', '46', '47', '60', '62', '81', '115']);
/** The statement with its parameters filled in would follow. */
const SCOPE = / in scope |: While /;
const MAX_TEXT = 300;

/**
 * Turns any failure of a statement into a WaybillError that carries no data: `store_unavailable` or `disk_full` where a later try may
 * succeed (connection lost, timeout, server busy), else `invalid_configuration` for wrong credentials, else
 * `internal` with ClickHouse's code.
 */
export function toStoreError(what: string, cause: unknown): WaybillError {
  if (cause instanceof WaybillError) return cause;
  if (!(cause instanceof StoreRefusal)) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    const why = code === '' ? 'no answer' : code;
    return new WaybillError('store_unavailable', `the store could not ${what}: ${why}`, {
      remedy: 'wait until the store runs again; with `store.url`, check that it is reachable',
    });
  }
  const name = `ClickHouse error ${cause.code}${cause.type === undefined ? '' : ` ${cause.type}`}`;
  if (cause.code === NOT_ENOUGH_SPACE) {
    return new WaybillError('disk_full', `the store could not ${what}: ${name}`, { remedy: 'free disk space' });
  }
  if (ACCESS_CODES.has(cause.code)) {
    return new WaybillError('invalid_configuration', `the store refused to ${what}: ${name}`, {
      remedy: 'check `store.user`, `store.password` and the rights of that user',
    });
  }
  if (RETRYABLE_CODES.has(cause.code))
    return new WaybillError('store_unavailable', `the store could not ${what}: ${name}`);
  const text = TELLING_CODES.has(cause.code)
    ? `: ${(cause.message.split(SCOPE)[0] ?? '').slice(0, MAX_TEXT).trim()}`
    : '';
  return new WaybillError('internal', `the store refused to ${what}: ${name}${text}`);
}
