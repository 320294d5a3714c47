import { setTimeout as delay } from 'node:timers/promises';
import { backoffMs, lookEveryMs } from './clock.ts';
import { config } from './config.ts';
import { type Route, serveHttp } from './http-server.ts';
import { errorText, log } from './log.ts';
import type { AtStop } from './run.ts';

/** Opens a service's API and says so. */
export async function openApi(port: number, routes: readonly Route[], atStop: AtStop): Promise<void> {
  const server = await serveHttp(port, routes);
  atStop(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  });
  log('-', `${config.serviceName} listens on http://127.0.0.1:${port}`);
}

/** Has a simulated person look at a list again and again, until the process stops; what fails is tried next time. */
export function lookRegularly(look: () => Promise<void>, signal: AbortSignal): void {
  const go = async (): Promise<void> => {
    while (!signal.aborted) {
      await look().catch((error: unknown) => log('-', `looking again later: ${errorText(error)}`));
      await delay(lookEveryMs, undefined, { signal }).catch(() => undefined);
    }
  };
  void go();
}

/** The order ids of a list's `?ids=a,b,c`, at most 200. */
export function idsOf(query: URLSearchParams): string[] {
  return (query.get('ids') ?? '').split(',').filter(Boolean).slice(0, 200);
}

/** Attempts a simulated person makes for orders: after a failed one the order is left alone for a while. */
export class Attempts {
  readonly #failed = new Map<string, { readonly failures: number; readonly notBefore: number }>();

  /** Does the work for the order unless it failed a short while ago; a failure is logged and remembered. */
  async make(orderId: string, work: () => Promise<void>): Promise<void> {
    const earlier = this.#failed.get(orderId);
    if (earlier !== undefined && Date.now() < earlier.notBefore) return;
    try {
      await work();
      this.#failed.delete(orderId);
    } catch (error) {
      const failures = (earlier?.failures ?? 0) + 1;
      this.#failed.set(orderId, { failures, notBefore: Date.now() + backoffMs(failures) });
      log(orderId, `trying again later: ${errorText(error)}`);
    }
  }
}
