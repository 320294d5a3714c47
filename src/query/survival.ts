import { z } from 'zod';
import { productLimit, type SurvivalCurve } from '../lifecycle/dwell/kaplan-meier.ts';
import type { StoreClient } from '../store/client.ts';
import { type FigureScope, scopeParameters, VISITS_AT } from './visits-at.ts';

const stepRow = z.object({
  status: z.string(),
  dwell_ms: z.number(),
  completed: z.coerce.number(),
  open: z.coerce.number(),
  anomalies: z.coerce.number(),
});

/** Survival of every status, completed and open visits together. */
export interface StatusSurvival {
  /** By status; durations in milliseconds. */
  readonly curves: ReadonlyMap<string, SurvivalCurve>;
  /** False where durations were rounded to 1 % because there are many. */
  readonly exact: boolean;
}

/** Most visits whose durations are read exactly; more are rounded to bins of at most 1 % error, so that the answer stays small. */
const MAX_EXACT_VISITS = 200_000;

/** Bins per unit of the natural logarithm: half a bin is 1 %. */
const BINS_PER_E = 50;

const DWELLS = `SELECT status, isNull(left_nano) AS is_open, if(is_open, {at:Int64}, assumeNotNull(left_nano)) - entered_nano AS dwell
  FROM (${VISITS_AT}) WHERE NOT (is_open AND status IN {finals:Array(String)})`;

/**
 * Reads the Kaplan–Meier curve of every status at a time. An open visit counts as censored at its age; one in a final status is no wait
 * and is left out. Negative durations are clock anomalies: counted, not used.
 */
export async function statusSurvival(
  store: StoreClient,
  options: FigureScope & { readonly finals: readonly string[] },
): Promise<StatusSurvival> {
  const parameters = { ...scopeParameters(options), finals: options.finals };
  const [size] = await store.query(
    'SELECT sum(length(visit_statuses)) AS visits FROM orders',
    {},
    z.object({ visits: z.coerce.number() }),
  );
  const exact = (size?.visits ?? 0) <= MAX_EXACT_VISITS;
  const duration = exact ? 'dwell / 1e6' : `exp(round(log(greatest(dwell, 1)) * ${BINS_PER_E}) / ${BINS_PER_E}) / 1e6`;
  const rows = await store.query(
    `SELECT status, dwell_ms, countIf(NOT is_open AND dwell >= 0) AS completed, countIf(is_open AND dwell >= 0) AS open,
       countIf(dwell < 0) AS anomalies
     FROM (SELECT status, is_open, dwell, if(dwell < 0, -1, ${duration}) AS dwell_ms FROM (${DWELLS}))
     GROUP BY status, dwell_ms ORDER BY status, dwell_ms`,
    parameters,
    stepRow,
  );
  const curves = new Map<string, SurvivalCurve>();
  for (const [status, steps] of Map.groupBy(rows, (row) => row.status)) {
    const anomalies = steps.reduce((sum, step) => sum + step.anomalies, 0);
    const used = steps.filter((step) => step.dwell_ms >= 0);
    curves.set(
      status,
      productLimit(
        used.map((step) => ({ time: step.dwell_ms, events: step.completed, censored: step.open })),
        anomalies,
      ),
    );
  }
  return { curves, exact };
}
