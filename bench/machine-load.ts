import { loadavg } from 'node:os';

/** The load averages of the last one, five and fifteen minutes: what the machine did besides. */
export function machineLoad(): string {
  return loadavg()
    .map((load) => load.toFixed(1))
    .join(' ');
}
