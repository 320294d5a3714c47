import { msToNano, type UnixNano } from '../model/units.ts';

/** The system clock in nanoseconds; it ticks in milliseconds. */
export function systemNow(): UnixNano {
  return msToNano(Date.now());
}
