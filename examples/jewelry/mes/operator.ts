import { type Step, stepMs } from '../clock.ts';
import { type Fields, numberField, parseRows, textField } from '../fields.ts';
import { call } from '../http-client.ts';
import { Attempts, lookRegularly } from '../service.ts';

type Action = { readonly after: Step; readonly requests: readonly (readonly ['GET' | 'POST', string])[] };

/** A simulated operator: looks at the list of jobs and takes each to its next status when its time has come. */
export function startOperator(signal: AbortSignal): void {
  const attempts = new Attempts();
  lookRegularly(async () => {
    for (const row of parseRows(await call('mes', 'GET', '/jobs'))) {
      const orderId = textField(row, 'orderId');
      const action = nextAction(row, orderId);
      if (action === null || Date.now() < numberField(row, 'changedAt') + stepMs(orderId, action.after)) continue;
      await attempts.make(orderId, async () => {
        for (const [method, path] of action.requests) await call('mes', method, path);
      });
    }
  }, signal);
}

function nextAction(row: Fields, orderId: string): Action | null {
  const job = `/jobs/${encodeURIComponent(textField(row, 'jobId'))}`;
  const order = `/orders/${encodeURIComponent(orderId)}`;
  const ship: Action = {
    after: 'ship',
    requests: [
      ['GET', `${order}/label`],
      ['POST', `${order}/ship`],
    ],
  };
  switch (row.status) {
    case 'PRICE_CALCULATED':
      return {
        after: 'startManufacturing',
        requests: [
          ['POST', `${job}/start`],
          ['GET', `${job}/drawing`],
        ],
      };
    case 'MANUFACTURING_STARTED':
      return { after: 'manufacture', requests: [['POST', `${job}/complete`]] };
    case 'MANUFACTURING_COMPLETED':
      if (row.fault === 'status_skipped') return ship;
      return { after: 'startPackaging', requests: [['POST', `${order}/package`]] };
    case 'PACKAGING':
    case 'SHIPPED': // shipped, but the shop was not told yet
      return ship;
    default:
      return null;
  }
}
