import { parentPort } from 'node:worker_threads';
import type { FoldingAnswer, FoldingRequest } from '../folding-messages.ts';

/** A thread that says that it folded an order, and dies of the third segment. */
parentPort?.on('message', (request: FoldingRequest) => {
  if (request.kind === 'stop') process.exit(0);
  if (request.segments === 3) throw new Error('the text of an order');
  tell(request.segments, 1);
});
tell(0, 0);

function tell(segments: number, refoldedOrders: number): void {
  const answer: FoldingAnswer = {
    kind: 'report',
    report: {
      segments,
      projector: { waitingSince: undefined, refoldedOrders, failures: 0, rejudging: 0, segment: segments },
      breakdowns: { waiting: 0, computedOrders: 0, letGo: 0, tooLarge: 0, givenUp: 0, failures: 0 },
    },
  };
  parentPort?.postMessage(answer, []);
}
