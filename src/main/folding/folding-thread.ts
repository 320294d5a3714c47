import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { compileMachine } from '../../lifecycle/machine.ts';
import { WaybillError } from '../../model/errors.ts';
import { Breakdowns } from '../../projector/breakdowns.ts';
import { Projector } from '../../projector/projector.ts';
import { connect } from '../../store/access.ts';
import { describeError } from '../describe-error.ts';
import type { FoldingAnswer, FoldingInput, FoldingReport, FoldingRequest } from './folding-messages.ts';

/** How often it is looked whether there is something new to report, in milliseconds. */
const REPORT_EVERY_MS = 50;

/** Entry of the thread that makes orders out of facts: folding thousands of them at a time would stop everything else for so long. */
async function main(port: MessagePort, { store, lifecycle }: FoldingInput): Promise<void> {
  const tell = (answer: FoldingAnswer): void => port.postMessage(answer);
  const client = connect(store);
  const breakdowns = new Breakdowns({
    store: client,
    onError: (error) => tell({ kind: 'error', message: `breaking down visits failed: ${describeError(error)}` }),
  });
  breakdowns.start();
  const projector = new Projector({
    store: client,
    machine: compileMachine(lifecycle),
    onRefolded: (orderIds) => breakdowns.notify(orderIds),
    onError: (error) =>
      tell({ kind: 'error', message: `refolding orders failed, trying again: ${describeError(error)}` }),
  });
  await projector.start();

  let segments = 0;
  let told = '';
  const report = (): void => {
    const now: FoldingReport = { segments, projector: projector.stats(), breakdowns: breakdowns.stats() };
    const text = JSON.stringify(now);
    if (text !== told) tell({ kind: 'report', report: now });
    told = text;
  };
  report();
  const timer = setInterval(report, REPORT_EVERY_MS);
  const stop = async (): Promise<void> => {
    clearInterval(timer);
    await projector.stop();
    await breakdowns.stop();
    client.close();
    // The thread ends when nothing is left to do.
    port.close();
  };
  port.on('message', (request: FoldingRequest) => {
    if (request.kind === 'stop') void stop();
    else {
      segments = request.segments;
      projector.notify();
    }
  });
}

if (parentPort === null) throw new Error('this file is run as a thread');
const port = parentPort;
main(port, workerData as FoldingInput).catch((cause: unknown) => {
  const { code, message, remedy } =
    cause instanceof WaybillError ? cause : new WaybillError('internal', describeError(cause));
  port.postMessage({ kind: 'refused', code, message, remedy } satisfies FoldingAnswer);
  process.exit(1);
});
