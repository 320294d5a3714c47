import { setFlagsFromString } from 'node:v8';
import { loadConfig } from './config.ts';
import { createLog } from './log.ts';
import { type RunningWaybill, startWaybill } from './waybill.ts';

/**
 * Bodies, columns and segments are memory outside of V8's heap, and by default V8 marks its whole heap each time that some of it has piled
 * up. Counted within the limit of the heap, it does so less often. Seen at full load on one version: 10 markings for 618,000 spans instead
 * of 22 for 261,000.
 */
const COLLECT_SELDOM = '--external-memory-accounted-in-global-limit';

/** `waybill serve`: runs until SIGINT or SIGTERM, then stops cleanly; a second signal ends at once. */
export async function serve(options: { config?: string; dataDir?: string; port?: number }): Promise<void> {
  setFlagsFromString(COLLECT_SELDOM);
  const config = loadConfig({
    file: options.config,
    environment: process.env,
    overrides: { dataDir: options.dataDir, port: options.port },
  });
  const log = createLog((line) => process.stderr.write(line), Date.now);
  const stopping = untilSignal();
  const waybill = await startWaybill(config, log);
  announce(waybill, config.dataDir);
  const signal = await stopping;
  log('info', `stopping on ${signal}`);
  await waybill.stop();
  log('info', 'stopped');
}

function announce({ addresses }: RunningWaybill, dataDir: string): void {
  process.stdout.write(
    [
      '',
      `  Waybill is ready          ${addresses.http}`,
      `  OTLP over HTTP            ${addresses.otlpHttp ?? 'off'}`,
      `  OTLP over gRPC            ${addresses.otlpGrpc ?? 'off'}`,
      `  Metrics                   ${addresses.metrics ?? 'off'}`,
      `  Data                      ${dataDir}`,
      '',
      '  Ctrl-C stops it; what was accepted is kept.',
      '',
      '',
    ].join('\n'),
  );
}

/** Resolves at the first signal to stop; the second one ends the process at once, what is in the journal stays there. */
function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let isStopping = false;
    const onSignal = (signal: NodeJS.Signals): void => {
      if (isStopping) process.exit(130);
      isStopping = true;
      resolve(signal);
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
  });
}
