import { z } from 'zod';
import { type Explanation, explainSlow } from '../lifecycle/dwell/over-represented.ts';
import type { UnixNano } from '../model/units.ts';
import type { StoreClient } from '../store/client.ts';

const row = z.object({
  dwell_ms: z.number(),
  open: z.number(),
  names: z.array(z.string()),
  values: z.array(z.string()),
});

/** Latest visits that are compared; enough for any significance, few enough to be quick. */
const MAX_VISITS = 100_000;

/** What the slowest visits to a status have in common, by the attributes of their orders. */
export async function explainStatus(
  store: StoreClient,
  options: { readonly status: string; readonly now: UnixNano; readonly slowest: number },
): Promise<Explanation> {
  const rows = await store.query(
    `SELECT (if(isNull(left_at), {now:Int64}, toUnixTimestamp64Nano(assumeNotNull(left_at))) - toUnixTimestamp64Nano(entered)) / 1e6
         AS dwell_ms, isNull(left_at) AS open, attribute_names AS names, attribute_values AS values
     FROM orders FINAL ARRAY JOIN visit_statuses AS status_of_visit, visit_entered_at AS entered, visit_left_at AS left_at
     WHERE status_of_visit = {status:String} ORDER BY entered DESC LIMIT ${MAX_VISITS}`,
    { status: options.status, now: String(options.now) },
    row,
  );
  return explainSlow(
    rows.map(({ dwell_ms: duration, open, names, values }) => ({
      duration,
      open: open === 1,
      attributes: names.map((name, index): [string, string] => [name, values[index] ?? '']),
    })),
    { slowest: options.slowest },
  );
}
