import { parentPort, workerData } from 'node:worker_threads';
import { Load, type LoadOptions, type LoadPhase, type LoadResult } from './load.ts';

/** What the thread of the generator is asked for. */
export type LoadRequest = { readonly kind: 'sample' } | { readonly kind: 'run'; readonly phase: LoadPhase };

/** What it says. */
export type LoadAnswer =
  | { readonly kind: 'acknowledged'; readonly request: number }
  | { readonly kind: 'sample'; readonly bytes: Uint8Array }
  | { readonly kind: 'result'; readonly result: LoadResult };

/** Requests whose acknowledgement is told at once, one in so many milliseconds: enough for probes of freshness. */
const TOLD_EVERY_MS = 50;

/** Entry of the thread that sends, so that whoever measures is not in its way. */
function main(): void {
  const port = parentPort;
  if (port === null) throw new Error('this file is run as a thread');
  let toldAt = 0;
  const tell = (answer: LoadAnswer): void => port.postMessage(answer);
  const load = new Load(workerData as LoadOptions, (request) => {
    const now = performance.now();
    if (now - toldAt < TOLD_EVERY_MS) return;
    toldAt = now;
    tell({ kind: 'acknowledged', request });
  });
  port.on('message', (request: LoadRequest) => {
    if (request.kind === 'sample') tell({ kind: 'sample', bytes: load.sample() });
    else void load.run(request.phase).then((result) => tell({ kind: 'result', result }));
  });
}

main();
