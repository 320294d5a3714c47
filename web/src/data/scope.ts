/** The windows of time over which the status map counts completed visits. */
export const WINDOWS = { '1h': 3_600_000, '24h': 86_400_000, '7d': 7 * 86_400_000, all: undefined } as const;
export type Window = keyof typeof WINDOWS;

/** What figures of statuses are about; every part stands in the page's address. */
export interface Scope {
  /** Visits that ended within this time count as completed; undefined for all time. */
  readonly window?: Window | undefined;
  /** Everything as it was known then: RFC 3339, UTC; undefined for now. */
  readonly at?: string | undefined;
  /** Only orders that are described so: `name=value`. */
  readonly by?: string | undefined;
  /** Durations in working time instead of by the clock on the wall. */
  readonly time?: 'working' | undefined;
}

/** The name and the value of an attribute as the address writes them; a name holds no `=`, a value may. */
export function splitAttribute(by: string): { readonly name: string; readonly value: string } {
  const at = by.indexOf('=');
  return at < 0 ? { name: by, value: '' } : { name: by.slice(0, at), value: by.slice(at + 1) };
}

/** Reads a scope out of the parameters of an address; what is not understood is left out. */
export function readScope(search: Record<string, unknown>): Scope {
  const text = (name: string): string | undefined => {
    const value = search[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const window = text('window');
  const at = text('at');
  const by = text('by');
  const known = window !== undefined && Object.hasOwn(WINDOWS, window) ? (window as Window) : undefined;
  return {
    ...(known === undefined ? {} : { window: known }),
    ...(at === undefined || Number.isNaN(Date.parse(at)) ? {} : { at: new Date(at).toISOString() }),
    ...(by?.includes('=') === true ? { by } : {}),
    ...(text('time') === 'working' ? { time: 'working' as const } : {}),
  };
}

/** The parameters of `GET /api/statuses` for a scope; the window ends at the scope's time. */
export function statusesParameters({ window = 'all', at, by, time }: Scope): Record<string, string | undefined> {
  const length = WINDOWS[window];
  const end = at === undefined ? Date.now() : Date.parse(at);
  const attribute = by === undefined ? undefined : splitAttribute(by);
  return {
    since: length === undefined ? undefined : new Date(end - length).toISOString(),
    at,
    attribute: attribute?.name,
    value: attribute?.value,
    time,
  };
}
