import { type Fields, parseRows, textField } from '../fields.ts';
import { type Callee, call } from '../http-client.ts';
import { lookRegularly } from '../service.ts';

type Watched = { readonly callee: Callee; readonly arrived: (row: Fields) => boolean; readonly resolve: () => void };

/** Most orders asked for in one request, the limit of the services' lists. */
const idsPerRequest = 200;

/** Looks at the services' lists for all waiting journeys together: one request a service and a look. */
export class Watch {
  readonly #waiting = new Map<string, Watched>();

  constructor(signal: AbortSignal) {
    lookRegularly(() => this.#look(), signal);
  }

  /** Resolves once the service's row of the order satisfies the condition. One wait an order at a time. */
  until(callee: Callee, orderId: string, arrived: (row: Fields) => boolean): Promise<void> {
    return new Promise((resolve) => this.#waiting.set(orderId, { callee, arrived, resolve }));
  }

  async #look(): Promise<void> {
    for (const callee of ['shop', 'crm', 'mes'] as const) {
      const ids = [...this.#waiting].filter(([, watched]) => watched.callee === callee).map(([orderId]) => orderId);
      for (let from = 0; from < ids.length; from += idsPerRequest) {
        const part = ids.slice(from, from + idsPerRequest).map(encodeURIComponent);
        this.#settle(parseRows(await call(callee, 'GET', `/orders?ids=${part.join(',')}`)));
      }
    }
  }

  #settle(rows: readonly Fields[]): void {
    for (const row of rows) {
      const orderId = textField(row, 'orderId');
      const watched = this.#waiting.get(orderId);
      if (watched?.arrived(row) !== true) continue;
      this.#waiting.delete(orderId);
      watched.resolve();
    }
  }
}
