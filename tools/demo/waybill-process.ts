import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DataDirectory } from './data-directory.ts';
import type { LineSink } from './processes.ts';
import type { SupervisedSpec } from './supervised.ts';
import type { BrokerWatch } from './tracer.ts';
import { tracerPasswordVariable, type WaybillPorts, waybillConfig } from './waybill-config.ts';

/** Writes Waybill's configuration into the data directory and says how to run it. */
export function waybillProcess(setup: {
  readonly checkout: string;
  readonly data: DataDirectory;
  readonly ports: WaybillPorts;
  /** Undefined: the broker is not watched. */
  readonly watch: BrokerWatch | undefined;
  readonly log: LineSink;
  readonly isReady: () => Promise<boolean>;
}): SupervisedSpec {
  const { checkout, data, ports, watch, log, isReady } = setup;
  const file = data.at('waybill.yaml');
  const lifecycle = join(checkout, 'examples/jewelry/lifecycle.yaml');
  writeFileSync(file, waybillConfig(data.at('waybill'), lifecycle, ports, watch));
  return {
    name: 'waybill',
    command: process.execPath,
    args: [join(checkout, 'src/main/cli.ts'), 'serve', '--config', file],
    cwd: checkout,
    ...(watch === undefined ? {} : { env: { ...process.env, [tracerPasswordVariable]: watch.password } }),
    record: data.record('waybill'),
    log,
    logPath: data.shownAt('logs', 'waybill.log'),
    isReady,
    readyMs: 120_000,
    // It has acknowledged what it has not stored yet, and drains while it stops.
    stopMs: 20_000,
    restarts: 3,
  };
}
