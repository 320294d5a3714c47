import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { processTree } from '../src/bench/processes.ts';
import type { UnixNano } from '../src/model/units.ts';
import { deadLettersByStatus, deadLettersOfOrders } from '../src/query/dead-letters/counts.ts';
import { deadLetterAnswer } from '../src/query/queue-overview.ts';
import type { StoreClient } from '../src/store/client.ts';
import { storeConfigSchema } from '../src/store/config.ts';
import { openStore } from '../src/store/store.ts';

/*
 * What questions about dead letters cost the store: CPU of the embedded server, which does not depend on what else the machine does.
 *
 * As many orders as unresolved letters, each in one of eight statuses after four visits. Of ten letters eight name their order, one an alias, and
 * one only a trace. Besides, `--resolved` letters that were consumed.
 */

const { values } = parseArgs({
  options: {
    letters: { type: 'string', default: '100000' },
    resolved: { type: 'string', default: '100000' },
    repeats: { type: 'string', default: '8' },
  },
});
const counts = { letters: Number(values.letters), resolved: Number(values.resolved) };

/** One time for all inserts: rows of the same letter must agree. */
const AGO = `toDateTime64(${Date.now() / 1000}, 9, 'UTC') - toIntervalMillisecond(number * 7 + 600000)`;
const ORDER = `concat('ORD-', leftPad(toString(sipHash64(number) % 1000000000), 9, '0'))`;
const LETTER = `'main' AS broker, '/' AS vhost, concat('orders.dead.', toString(number % 5)) AS queue,
  reinterpretAsFixedString(sipHash128(number)) AS message_key, concat('work.', toString(number % 5)) AS origin_queue,
  ['rejected', 'expired', 'maxlen', 'delivery_limit'][number % 7 % 4 + 1] AS reason, 'orders' AS exchange, ['order.created'] AS routing_keys,
  toDateTime64(toDateTime(${AGO}), 9, 'UTC') AS first_at, 1 AS count,
  '[{"reason":"rejected","queue":"work","exchange":"orders","routingKeys":["order.created"],"count":1,"firstAt":null}]' AS deaths,
  reinterpretAsFixedString(sipHash128(number, 1)) AS trace_id, toFixedString('spanspan', 8) AS span_id, if(number % 10 < 8, ${ORDER}, '') AS order_id,
  if(number % 10 = 8, concat('cart=', toString(number)), '') AS alias, toString(generateUUIDv4(number)) AS message_id, '' AS correlation_id,
  'application/json' AS content_type, ['kind', 'tenant', 'retry'] AS header_keys,
  [repeat('order ', 20), 'north', toString(number)] AS header_values, 700 AS body_bytes`;

async function fill(store: StoreClient, { letters, resolved }: typeof counts): Promise<void> {
  // Tables may have columns that are computed: only those that are given are named.
  const insert = (table: string, columns: string, from: number, to: number): Promise<void> =>
    store.command(
      `INSERT INTO ${table} (${[...columns.matchAll(/ AS (\w+)(?=,|$)/gm)].map(([, name]) => name).join(', ')})
       SELECT ${columns} FROM (SELECT number + ${from} AS number FROM numbers(${to - from}))`,
    );
  await insert('dead_letters', `${LETTER}, '' AS resolution, ${AGO} AS observed_at`, 0, letters + resolved);
  const later = `${AGO} + toIntervalSecond(30)`;
  await insert(
    'dead_letters',
    `${LETTER}, 'consumed' AS resolution, ${later} AS observed_at`,
    letters,
    letters + resolved,
  );
  await insert(
    'order_traces',
    `${ORDER} AS order_id, '' AS alias, reinterpretAsFixedString(sipHash128(number, 1)) AS trace_id, now64(3, 'UTC') AS observed_at`,
    0,
    letters,
  );
  await insert(
    'order_aliases',
    `${ORDER} AS order_id, concat('cart=', toString(number)) AS alias, ${AGO} AS bound_at`,
    0,
    letters,
  );
  await insert(
    'orders',
    `${ORDER} AS order_id, 1 AS revision, arrayMap(step -> concat('S', toString((number + step) % 8)), range(5)) AS visit_statuses,
     ${AGO} - toIntervalHour(1) AS left_at, now64(3, 'UTC') AS first_observed_at`,
    0,
    letters,
  );
  for (const step of [0, 1, 2, 3, 4]) {
    await insert(
      'visits',
      `${ORDER} AS order_id, ${step} AS visit, '${step === 4 ? 'open' : 'completed'}' AS kind, concat('S', toString((number + ${step}) % 8)) AS status,
       '' AS previous, toUnixTimestamp64Nano(${AGO} - toIntervalHour(5 - ${step})) AS entered_nano,
       ${step === 4 ? '0' : `toUnixTimestamp64Nano(${AGO} - toIntervalHour(4 - ${step}))`} AS left_nano, ${step === 4 ? 'entered_nano' : '0'} AS open_nano, 1 AS net`,
      0,
      letters,
    );
  }
}

/** The server is at rest when two seconds cost it no more. */
const IDLE_SECONDS = 0.1;

/** CPU seconds of the embedded server. */
function cpuSeconds(): number {
  return processTree(process.pid).find(({ name }) => name === 'server.ts')?.cpuSeconds ?? Number.NaN;
}

const directory = mkdtempSync(join(tmpdir(), 'waybill-letters-'));
const store = await openStore(storeConfigSchema.parse({}), { dataDir: directory, log: () => undefined });
try {
  await fill(store.client, counts);
  // What merges in the background costs the same processor time.
  let before = Number.NEGATIVE_INFINITY;
  while (cpuSeconds() - before > IDLE_SECONDS) {
    before = cpuSeconds();
    await sleep(2000);
  }
  const at: UnixNano = BigInt(Date.now()) * 1_000_000n;
  const [first] = await store.client.query<{ order_id: string }>('SELECT order_id FROM orders LIMIT 1');
  const questions: Record<string, () => Promise<unknown>> = {
    'GET /api/dead-letters?resolved=false': () =>
      deadLetterAnswer(store.client, { at, resolved: false }, { limit: 101 }),
    'GET /api/dead-letters?resolved=false&reason=expired': () =>
      deadLetterAnswer(store.client, { at, resolved: false, reason: 'expired' }, { limit: 101 }),
    'GET /api/dead-letters?order=ID': () =>
      deadLetterAnswer(store.client, { at, order: first?.order_id }, { limit: 101 }),
    'by status, of GET /api/statuses': () => deadLettersByStatus(store.client, { at, past: false, finals: [] }),
    'of an order, of GET /api/orders/{id}': () => deadLettersOfOrders(store.client, [first?.order_id ?? ''], at),
  };
  process.stdout.write(
    `${counts.letters} unresolved, ${counts.resolved} resolved letters; load ${loadavg()[0]?.toFixed(1)}\n`,
  );
  for (const [name, ask] of Object.entries(questions)) {
    await ask();
    const cpu = cpuSeconds();
    const startedAt = performance.now();
    for (let index = 0; index < Number(values.repeats); index += 1) await ask();
    const perQuestion = (total: number): string => `${(total / Number(values.repeats)).toFixed(0)} ms`;
    process.stdout.write(
      `${name.padEnd(54)} CPU ${perQuestion((cpuSeconds() - cpu) * 1000)}, wall ${perQuestion(performance.now() - startedAt)}\n`,
    );
  }
} finally {
  await store.close();
  rmSync(directory, { recursive: true, force: true });
}
