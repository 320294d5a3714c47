/**
 * Most groups of one metric that keep their own name, the largest ones; the others are added up in one group whose keys are empty
 * and whose `overflow` is 1. Senders choose the names of statuses and services, so their number has no bound of its own.
 */
export const MAX_GROUPS = 200;

/**
 * SQL that folds the groups of `source` beyond the largest `MAX_GROUPS` into one.
 *
 * `source` MUST be a grouped SELECT with columns `KEY_key` per key, `NAME_part` per sum and `size_part`, by which groups are ranked.
 * The suffixes keep the aliases apart from column names. Texts come from code, never from data.
 *
 * @param sums expressions over the `_part` columns by name of the result column
 */
export function capped(
  source: string,
  keys: readonly string[],
  sums: Readonly<Record<string, string>>,
  maxGroups = MAX_GROUPS,
): string {
  const order = ['size_part DESC', ...keys.map((key) => `${key}_key`)].join(', ');
  const named = keys.map((key) => `if(overflow, '', ${key}_key) AS ${key}`);
  const added = Object.entries(sums).map(([name, expression]) => `${expression} AS ${name}`);
  return `SELECT place > ${maxGroups} AS overflow, ${[...named, ...added].join(', ')}
    FROM (SELECT *, row_number() OVER (ORDER BY ${order}) AS place FROM (${source}))
    GROUP BY ${['overflow', ...keys].join(', ')} ${COST}`;
}

/** Figures for machines must not slow down a page: one thread, and an end. */
export const COST = 'SETTINGS max_threads = 1';
