import { z } from 'zod';
import { type Explanation, explainSlow } from '../lifecycle/dwell/over-represented.ts';
import type { UnixNano } from '../model/units.ts';
import type { StoreClient } from '../store/client.ts';

const row = z.object({
  durations: z.array(z.number()),
  open: z.array(z.number()),
  attributes: z.array(z.array(z.string())),
});

/** Latest visits that are compared; enough for any significance, few enough to be quick. */
const MAX_VISITS = 100_000;

/** What the slowest visits to a status have in common, by the attributes of their orders. */
export async function explainStatus(
  store: StoreClient,
  options: { readonly status: string; readonly now: UnixNano; readonly slowest: number },
): Promise<Explanation> {
  const [found] = await store.query(
    `SELECT groupArray(dwell_ms) AS durations, groupArray(is_open) AS open, groupArray(described) AS attributes FROM (
       SELECT (if(left_nano = 0, {now:Int64}, left_nano) - entered_nano) / 1e6 AS dwell_ms, toUInt8(left_nano = 0) AS is_open,
         any(attributes) AS described
       FROM visits WHERE status = {status:String} AND kind IN ('completed', 'open', 'final')
       GROUP BY order_id, visit, content, entered_nano, left_nano HAVING sum(net) > 0 ORDER BY entered_nano DESC LIMIT ${MAX_VISITS}
     )`,
    { status: options.status, now: String(options.now) },
    row,
  );
  return explainSlow(
    (found?.durations ?? []).map((duration, index) => ({
      duration,
      open: found?.open[index] === 1,
      attributes: (found?.attributes[index] ?? []).map(splitAttribute),
    })),
    { slowest: options.slowest },
  );
}

/** `name=value` as `visits` keeps it. */
function splitAttribute(text: string): [string, string] {
  const at = text.indexOf('=');
  return [text.slice(0, at), text.slice(at + 1)];
}
