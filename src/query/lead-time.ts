import { z } from 'zod';
import { aalenJohansen } from '../lifecycle/dwell/aalen-johansen.ts';
import { dwellFigures } from '../lifecycle/dwell/figures.ts';
import { kaplanMeier, type SurvivalCurve } from '../lifecycle/dwell/kaplan-meier.ts';
import type { StoreClient } from '../store/client.ts';
import { type FigureScope, IN_SCOPE, scopeParameters } from './visits-at.ts';

const row = z.object({ lead_ms: z.number(), outcome: z.string() });

/** Newest orders that are looked at; enough for any quantile. */
const MAX_ORDERS = 200_000;

/** How long whole orders take, from the first status to the final one. */
export interface LeadTime {
  /** Orders that ended; milliseconds, quantiles type 7. */
  readonly completed: ReturnType<typeof dwellFigures>['completed'];
  /** Ended and open orders together; durations in milliseconds. */
  readonly curve: SurvivalCurve;
  /** Per final status: the share of orders that end there, open ones taken into account; falls short of 1 by those still open. */
  readonly outcomes: readonly { readonly status: string; readonly orders: number; readonly probability: number }[];
}

/** Lead time in a scope; open orders count with their age, orders without a status not at all. */
export async function leadTime(store: StoreClient, scope: FigureScope): Promise<LeadTime> {
  const rows = await store.query(
    `SELECT if(closed, toUnixTimestamp64Nano(assumeNotNull(closed_at)), {at:Int64}) AS end_nano,
       (end_nano - toUnixTimestamp64Nano(assumeNotNull(opened_at))) / 1e6 AS lead_ms, if(closed, toString(status), '') AS outcome,
       isNotNull(closed_at) AND toUnixTimestamp64Nano(assumeNotNull(closed_at)) <= {at:Int64} AS closed
     FROM orders FINAL WHERE isNotNull(opened_at) AND toUnixTimestamp64Nano(assumeNotNull(opened_at)) <= {at:Int64}
       AND ${IN_SCOPE}
     ORDER BY opened_at DESC LIMIT ${MAX_ORDERS}`,
    scopeParameters(scope),
    row,
  );
  const durations = Float64Array.from(rows, ({ lead_ms: leadMs }) => leadMs);
  const censored = Uint8Array.from(rows, ({ outcome }) => (outcome === '' ? 1 : 0));
  const statuses = [...new Set(rows.map(({ outcome }) => outcome))].filter((outcome) => outcome !== '').sort();
  const cause = new Map(statuses.map((status, index) => [status, index + 1]));
  const incidence = aalenJohansen(
    durations,
    Int32Array.from(rows, ({ outcome }) => cause.get(outcome) ?? 0),
  );
  return {
    completed: dwellFigures(durations, censored).completed,
    curve: kaplanMeier(durations, censored),
    outcomes: statuses.map((status, index) => ({
      status,
      orders: rows.filter(({ outcome }) => outcome === status).length,
      probability: incidence.causes[index]?.at(-1)?.incidence ?? 0,
    })),
  };
}
