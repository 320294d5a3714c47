import { stepMs } from '../clock.ts';
import { numberField, parseRows, textField } from '../fields.ts';
import { call } from '../http-client.ts';
import { Attempts, lookRegularly } from '../service.ts';

/** A simulated seller: looks at the list of priced orders and, after a while, presses "approve" on each. */
export function startSeller(signal: AbortSignal): void {
  const attempts = new Attempts();
  lookRegularly(async () => {
    for (const row of parseRows(await call('crm', 'GET', '/orders'))) {
      const orderId = textField(row, 'orderId');
      const patience = stepMs(orderId, row.status === 'SUBMITTED' ? 'approve' : 'retry');
      if (Date.now() < numberField(row, 'waitingSince') + patience) continue;
      // A refused approval stays on the list and is tried again after the retry pause.
      const path = `/orders/${encodeURIComponent(orderId)}/approve`;
      await attempts.make(orderId, async () => void (await call('crm', 'POST', path)));
    }
  }, signal);
}
