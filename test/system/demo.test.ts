import { type Dirent, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { personFor } from '../../examples/jewelry/customer/person.ts';
import { faultKinds, type OrderPlan, planOrder, statuses } from '../../examples/jewelry/faults.ts';
import { jobIdOf } from '../../examples/jewelry/mes/jobs.ts';
import {
  type DeadLetter,
  deadLetters,
  type Order,
  type OrderMessages,
  orderMessages,
  type Queues,
  queues,
  type Span,
  type Trace,
} from '../../src/api/contract/index.ts';
import { recordedProcess } from '../../tools/demo/processes.ts';
import { ApiClient } from './api-client.ts';
import { CHECKOUT, endEverything, StartedProcess, temporaryDirectory } from './harness.ts';
import { askStore } from './store-console.ts';

const SEED = 'SYSTEM1';
/** At this rate 24 orders in a row hold each of the nine faults once. */
const ORDERS = 24;
const FAULT_RATE = 0.375;
const TIME_SCALE = 0.1;
const plans = Array.from({ length: ORDERS }, (_, index) => planOrder(SEED, index + 1, FAULT_RATE));

/** What the demo left to ask about: every order with all its traces, read over the API while everything still runs. */
interface Seen {
  readonly plan: OrderPlan;
  readonly order: Order;
  readonly traces: readonly Trace[];
}

let demo: StartedProcess;
let dataDir: string;
let api: ApiClient;
const seen: Seen[] = [];
/** The answers about traces and orders as they came. */
const answers: string[] = [];

beforeAll(async () => {
  dataDir = join(await temporaryDirectory(), 'demo');
  const options = `--orders ${ORDERS} --seed ${SEED} --fault-rate ${FAULT_RATE} --time-scale ${TIME_SCALE} --orders-per-minute 60`;
  demo = new StartedProcess(
    [join(CHECKOUT, 'tools/demo/main.ts'), ...options.split(' '), '--data-dir', dataDir],
    // A first one was sent, or is not wanted: the second one ends everything at once.
    { lastSignal: 'SIGINT' },
  );
  const [, address = ''] = await demo.says(/Open {2}(http:\S+)/);
  api = new ApiClient(address);
  await demo.says(/every order went as planned/, 240_000);
  await demo.says(/unroutable_publish .*order\.dispatched/);
  for (const plan of plans) {
    const order = await api.order(plan.orderId);
    if (order === undefined) throw new Error(`${plan.orderId} is not known`);
    const texts = await Promise.all(order.traces.map(({ traceId }) => api.traceText(traceId)));
    const traces = await Promise.all(order.traces.map(({ traceId }) => api.trace(traceId)));
    answers.push(JSON.stringify(order), ...texts);
    seen.push({ plan, order, traces: traces.flatMap((trace) => trace ?? []) });
  }
});
afterAll(endEverything);

/** The orders with a fault (null: without any); there is always one. */
function ordersWith(fault: OrderPlan['fault']): Seen[] {
  const found = seen.filter(({ plan }) => plan.fault === fault);
  expect(found.length, `orders with ${fault}`).toBeGreaterThan(0);
  return found;
}

function visitsOf({ order }: Seen): string[] {
  return order.visits.map(({ status }) => status);
}

function spansOf({ traces }: Seen): Span[] {
  return traces.flatMap(({ spans }) => spans);
}

/** Spans with an error in the traces of the order: `service: what they say`. */
function errorsOf(order: Seen): string[] {
  return spansOf(order)
    .filter(({ status }) => status.code === 'error')
    .map(({ service, name, status, events, attributes }) => {
      const all = [...attributes, ...events.flatMap((event) => event.attributes)].map(({ value }) => value);
      return `${service}: ${name} ${status.message} ${all.join(' ')}`;
    });
}

function hasAttribute(span: Span, key: string, value?: string): boolean {
  return span.attributes.some((one) => one.key === key && (value === undefined || one.value === value));
}

/** The queues from which the CRM took messages for the order. */
function queuesReadByCrm(found: Seen): Set<string> {
  const consumers = spansOf(found).filter(({ service, kind }) => service === 'crm-api' && kind === 'consumer');
  return new Set(JSON.stringify(consumers).match(/crm\.(orders|prices)/g));
}

describe('the demo', () => {
  it('plans every fault, and orders without one', () => {
    expect(new Set(plans.map(({ fault }) => fault))).toEqual(new Set([null, ...faultKinds]));
  });

  it('brings every order without a fault through the ten statuses to CLOSED, without deviation or error', () => {
    for (const found of ordersWith(null)) {
      expect(visitsOf(found), found.plan.orderId).toEqual(statuses);
      expect(found.order).toMatchObject({ status: 'CLOSED', deviations: [] });
      expect(found.order.closedAt).toBe(found.order.visits.at(-1)?.enteredAt);
      expect(found.order.visits.slice(0, -1).every(({ dwellMs }) => dwellMs !== null && dwellMs > 0)).toBe(true);
      expect(found.order.visits.map(({ system }) => system).join(' ')).toBe(
        'shop shop shop mes crm mes mes mes mes crm',
      );
      expect(errorsOf(found)).toEqual([]);
    }
  });

  it('shows a skipped status as a deviation that names it', () => {
    for (const found of ordersWith('status_skipped')) {
      expect(visitsOf(found)).toEqual(statuses.filter((status) => status !== 'PACKAGING'));
      expect(found.order.status).toBe('CLOSED');
      expect(found.order.deviations).toMatchObject([
        {
          kind: 'skipped',
          status: 'SHIPPED',
          fromStatus: 'MANUFACTURING_COMPLETED',
          skipped: ['PACKAGING'],
          visitIndex: 7,
        },
      ]);
    }
  });

  it('shows a price calculation that timed out as an error in a trace of an order that got on', () => {
    for (const found of ordersWith('price_timeout')) {
      expect(visitsOf(found)).toEqual(statuses);
      expect(found.order.deviations).toEqual([]);
      expect(errorsOf(found).join('\n')).toMatch(/mes-api: .*(timeout|timed out|abort)/i);
    }
  });

  it('shows the MES answering 500 as errors on both sides of the call', () => {
    for (const found of ordersWith('mes_500')) {
      expect(visitsOf(found)).toEqual(statuses);
      const failed = spansOf(found).filter(({ status }) => status.code === 'error');
      expect(
        failed
          .filter(
            (span) =>
              hasAttribute(span, 'http.response.status_code', '500') || hasAttribute(span, 'http.status_code', '500'),
          )
          .map(({ service }) => service),
      ).toEqual(expect.arrayContaining(['mes-api', 'crm-api']));
    }
  });

  it('shows a poison message as an error in the MES and an order that stays where it was', () => {
    for (const found of ordersWith('poison_message')) {
      expect(visitsOf(found)).toEqual(statuses.slice(0, 3));
      expect(found.order).toMatchObject({ status: 'SUBMITTED', closedAt: null, deviations: [] });
      expect(found.order.visits[2]).toMatchObject({ leftAt: null, dwellMs: null });
      expect(errorsOf(found).join('\n')).toMatch(/^mes-api: .*mes\.price/m);
    }
  });

  it('shows an order that was lost between shop and CRM as one that stays at its price', () => {
    for (const found of ordersWith('lost_between_shop_and_crm')) {
      expect(visitsOf(found)).toEqual(statuses.slice(0, 4));
      expect(found.order).toMatchObject({ status: 'PRICE_CALCULATED', closedAt: null, deviations: [] });
      // Its price comes to a CRM that has never heard of it.
      expect(queuesReadByCrm(found)).toEqual(new Set(['crm.prices']));
    }
    for (const found of ordersWith(null)) {
      expect(queuesReadByCrm(found)).toEqual(new Set(['crm.orders', 'crm.prices']));
    }
  });

  it('shows an order that the operator forgot as one that stays in manufacturing', () => {
    for (const found of ordersWith('operator_forgot')) {
      expect(visitsOf(found)).toEqual(statuses.slice(0, 6));
      expect(found.order).toMatchObject({ status: 'MANUFACTURING_STARTED', closedAt: null, deviations: [] });
    }
  });

  it('adds up to the figures of all statuses', async () => {
    const { orders, statuses: figures } = await api.statuses();
    const ends = new Map<string, number>();
    for (const { finalStatus } of plans) ends.set(finalStatus, (ends.get(finalStatus) ?? 0) + 1);
    const closed = ends.get('CLOSED') ?? 0;
    const deviating = plans.filter(({ fault }) => fault === 'status_skipped').length;
    expect(orders).toEqual({ total: ORDERS, open: ORDERS - closed, closed, deviating });
    for (const row of figures) {
      if (!row.final) expect(row.open.count, row.status).toBe(ends.get(row.status) ?? 0);
    }
    expect((await api.orders(`JW-${SEED}-`)).map(({ orderId }) => orderId).toSorted()).toEqual(
      plans.map(({ orderId }) => orderId),
    );
  });
});

describe('the broker', () => {
  let found: Queues;
  let letters: readonly DeadLetter[];
  beforeAll(async () => {
    found = queues.parse(await (await api.fetch('/api/queues')).json());
    letters = deadLetters.parse(await (await api.fetch('/api/dead-letters')).json()).deadLetters;
  });

  async function messagesOf({ plan }: Seen): Promise<OrderMessages['messages']> {
    const response = await api.fetch(`/api/orders/${plan.orderId}/messages`);
    return orderMessages.parse(await response.json()).messages;
  }

  const queueNamed = (name: string) => found.queues.find(({ queue }) => queue === name);

  it('is traced by a user that may do no more than it must, and almost nothing is missed', async () => {
    expect(found.brokers).toMatchObject([{ state: 'running', tracing: 'on', estimatedLost: 0, dropped: 0 }]);
    const configuration = readFileSync(join(dataDir, 'waybill.yaml'), 'utf8');
    const password = readFileSync(join(dataDir, 'rabbitmq/tracer-password'), 'utf8').trim();
    expect(statSync(join(dataDir, 'rabbitmq/tracer-password')).mode & 0o777).toBe(0o600);
    expect(configuration).not.toContain(password);
    const { url } = parse(configuration).rabbitmq.brokers[0].management;
    const authorization = `Basic ${Buffer.from(`waybill:${password}`).toString('base64')}`;
    const who = await fetch(`${url}/api/whoami`, { headers: { authorization } });
    expect(await who.json()).toMatchObject({ name: 'waybill', tags: ['monitoring'] });
  });

  it('keeps the pictures of an order waiting that is too much for the renderer', async () => {
    for (const one of ordersWith('slow_consumer')) {
      const delays = (await messagesOf(one))
        .filter(({ queue }) => queue === 'mes.previews')
        .map(({ delayMs }) => delayMs ?? 0);
      expect(delays).toHaveLength(3);
      // Two pictures of six seconds before the last one.
      expect(Math.max(...delays)).toBeGreaterThan(11_000 * TIME_SCALE);
      expect(visitsOf(one)).toEqual(statuses);
    }
    const slow = queueNamed('mes.previews');
    expect(slow).toMatchObject({ consumers: 1, depth: 0 });
    expect(slow?.delay.count).toBeGreaterThanOrEqual(ORDERS * 2);
    expect(slow?.delay.p95Ms).toBeGreaterThan(3 * (queueNamed('crm.prices')?.delay.p95Ms ?? Number.POSITIVE_INFINITY));
  });

  it('shows the poison message as a dead letter of its order, rejected', () => {
    for (const { plan, order } of ordersWith('poison_message')) {
      expect(order.deadLetterCount).toBe(1);
      expect(letters.filter(({ orderId }) => orderId === plan.orderId)).toMatchObject([
        { reason: 'rejected', originQueue: 'mes.price', queue: 'mes.price.dead', count: 1, resolution: null },
      ]);
    }
    expect(queueNamed('mes.price')?.deadLettered).toMatchObject({ rejected: 1, expired: 0 });
  });

  it('shows the call that nobody made as a dead letter of its order, expired, in a queue without consumers', async () => {
    for (const one of ordersWith('expired_message')) {
      expect(one.order).toMatchObject({ status: 'CLOSED', deadLetterCount: 1 });
      expect(letters.filter(({ orderId }) => orderId === one.plan.orderId)).toMatchObject([
        { reason: 'expired', originQueue: 'crm.callbacks', queue: 'crm.callbacks.dead', resolution: null },
      ]);
      const call = (await messagesOf(one)).find(({ queue }) => queue === 'crm.callbacks');
      expect(call).toMatchObject({ publisher: 'shop-api', deliveredAt: null, deliveries: 0 });
    }
    expect(queueNamed('crm.callbacks')).toMatchObject({ consumers: 0, deadLettered: { rejected: 0, expired: 1 } });
    expect(letters).toHaveLength(2);
  });

  it('shows the message that no queue took on its order, which waits for a receipt', async () => {
    for (const one of ordersWith('unroutable_publish')) {
      expect(visitsOf(one)).toEqual(statuses.slice(0, 9));
      expect(one.order).toMatchObject({ status: 'SHIPPED', closedAt: null, deviations: [] });
      const lost = (await messagesOf(one)).filter(({ queue }) => queue === null);
      expect(lost).toMatchObject([{ exchange: 'jewelry', routingKey: 'order.dispatched', publisher: 'mes-api' }]);
    }
    expect(found.unroutable).toMatchObject([{ exchange: 'jewelry', routingKey: 'order.dispatched', count: 1 }]);
  });

  it('moves the messages of every order without a fault through the same queues', async () => {
    for (const one of ordersWith(null)) {
      const messages = await messagesOf(one);
      const names = messages.map(({ queue }) => queue ?? 'none');
      expect(
        names.toSorted((a, b) => a.localeCompare(b)),
        one.plan.orderId,
      ).toEqual([
        'crm.orders',
        'crm.orders',
        'crm.prices',
        'mes.previews',
        'mes.previews',
        'mes.previews',
        'mes.price',
        'shop.updates',
        'shop.updates',
      ]);
      expect(messages.every(({ deliveries }) => deliveries === 1)).toBe(true);
      expect(one.order.deadLetterCount).toBe(0);
    }
  });
});

describe('the trace of a price calculation', () => {
  it('is one tree over customer, shop, RabbitMQ and MES', () => {
    for (const found of ordersWith(null)) {
      const trace = found.traces.find(({ spans }) => spans.some(({ name }) => name === 'calculate price'));
      if (trace === undefined) throw new Error(`${found.plan.orderId} has no trace of its price calculation`);
      expect(trace.services).toEqual(expect.arrayContaining(['customer', 'shop-api', 'mes-api', 'crm-api']));
      expect(trace.orders).toEqual([found.plan.orderId]);
      expect(trace.spans.filter(({ parentSpanId }) => parentSpanId === null)).toHaveLength(1);
      const byId = new Map(trace.spans.map((span) => [span.spanId, span]));
      expect(byId.size).toBe(trace.spans.length);
      for (const { parentSpanId, name } of trace.spans)
        expect(parentSpanId === null || byId.has(parentSpanId), name).toBe(true);

      // Upwards from the calculation: the MES takes the message that the shop published on the customer's request.
      const calculation = trace.spans.find(({ name }) => name === 'calculate price');
      const path: Span[] = [];
      for (let at = calculation; at !== undefined; at = byId.get(at.parentSpanId ?? '')) path.push(at);
      const steps = path.map(({ service, kind }) => `${service} ${kind}`);
      const [inMes, consumed, published] = [0, 1, 2].map((index) => path[index]);
      expect(inMes).toMatchObject({ service: 'mes-api' });
      expect(consumed).toMatchObject({ service: 'mes-api', kind: 'consumer' });
      expect(published).toMatchObject({ service: 'shop-api', kind: 'producer' });
      for (const span of [consumed, published]) {
        expect(span === undefined || hasAttribute(span, 'messaging.system', 'rabbitmq')).toBe(true);
      }
      expect(steps).toContain('shop-api server');
      expect(steps.at(-1)).toMatch(/^customer /);
      // The databases of both are in it too.
      const withDatabase = trace.spans.filter(
        (span) => hasAttribute(span, 'db.system.name') || hasAttribute(span, 'db.system'),
      );
      expect(new Set(withDatabase.map(({ service }) => service))).toEqual(
        expect.toSatisfy((services: Set<string>) => services.has('shop-api') && services.has('mes-api')),
      );
    }
  });
});

describe('binding', () => {
  it('knows an order by the job number of the MES', async () => {
    for (const found of ordersWith(null)) {
      const jobId = jobIdOf(found.plan.orderId);
      expect(found.order.aliases).toEqual([{ name: 'mes.job.id', value: jobId }]);
      expect((await api.orders(jobId)).map(({ orderId }) => orderId)).toEqual([found.plan.orderId]);
    }
  });

  it('gives traces to the order that name only the job number', () => {
    for (const found of ordersWith(null)) {
      const jobId = jobIdOf(found.plan.orderId);
      const aliasOnly = found.traces.filter(
        ({ spans }) =>
          spans.some((span) => hasAttribute(span, 'mes.job.id', jobId)) &&
          !spans.some((span) => hasAttribute(span, 'order.id')) &&
          !JSON.stringify(spans.map(({ attributes }) => attributes)).includes(`/orders/${found.plan.orderId}`),
      );
      expect(aliasOnly.length, found.plan.orderId).toBeGreaterThan(0);
      for (const trace of aliasOnly) expect(trace.orders).toEqual([found.plan.orderId]);
    }
  });

  it('gives traces to the order that name it only by their address', () => {
    for (const found of ordersWith(null)) {
      const addressOnly = found.traces.filter(
        ({ spans }) => !spans.some((span) => hasAttribute(span, 'order.id') || hasAttribute(span, 'mes.job.id')),
      );
      // Packaging, the label, and the page that shows the price.
      expect(addressOnly.length, found.plan.orderId).toBeGreaterThanOrEqual(2);
      for (const trace of addressOnly) {
        expect(JSON.stringify(trace.spans)).toContain(`/orders/${found.plan.orderId}`);
        expect(trace.orders).toEqual([found.plan.orderId]);
      }
    }
  });
});

describe('personal data', () => {
  const persons = plans.map(({ orderId }) => personFor(orderId));
  const secrets = [
    ...new Set(persons.flatMap(({ name, phone, email }) => [name, ...name.split(' '), phone, phone.slice(1), email])),
  ];

  it('is on the spans that customer and shop send, and is redacted', () => {
    const redacted = seen
      .flatMap(spansOf)
      .flatMap(({ attributes }) => attributes)
      .filter(({ value }) => value === '[redacted]');
    const keys = new Set(redacted.map(({ key }) => key));
    expect(keys).toContain('customer.phone');
    expect(keys.size).toBeGreaterThanOrEqual(3);
  });

  it('is in no answer of the API about an order or a trace', () => {
    expect(answers.length).toBeGreaterThan(ORDERS * 5);
    const text = answers.join('\n');
    expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
    expect(secrets.filter((secret) => text.includes(encodeURIComponent(secret)))).toEqual([]);
  });

  it('finds no order or trace when it is searched for', async () => {
    for (const text of persons.slice(0, 3).flatMap(({ phone, email }) => [phone, email])) {
      const response = await api.fetch(`/api/search?text=${encodeURIComponent(text)}`);
      expect(await response.json()).toEqual({ results: [] });
    }
  });

  it('is in no row of the store', async () => {
    const directory = join(dataDir, 'waybill');
    const tables = (await askStore(directory, 'SHOW TABLES')).split('\n');
    expect(tables).toEqual(expect.arrayContaining(['spans', 'resources', 'orders', 'status_facts', 'order_aliases']));
    for (const table of tables) {
      const rows = await askStore(directory, `SELECT * FROM ${table} FORMAT JSONEachRow`);
      expect(
        secrets.filter((secret) => rows.includes(secret)),
        table,
      ).toEqual([]);
      // The search would have found what is there.
      if (table === 'spans') expect(plans.filter(({ orderId }) => !rows.includes(orderId))).toEqual([]);
    }
  });

  it('is in no file of the data directory, and not in the log', () => {
    const directory = join(dataDir, 'waybill');
    const files = filesBelow(directory);
    expect(files.length).toBeGreaterThan(10);
    const found: string[] = [];
    for (const path of [...files, join(dataDir, 'logs/waybill.log')]) {
      const bytes = readIfThere(path);
      found.push(...secrets.filter((secret) => bytes.includes(secret)).map((secret) => `${secret} in ${path}`));
    }
    expect(found).toEqual([]);
  });
});

it('stops at Ctrl-C and leaves no process behind', async () => {
  const names = readdirSync(join(dataDir, 'run')).filter((name) => name.endsWith('.pid.json'));
  const pids = names.flatMap((name) => recordedProcess(join(dataDir, 'run', name))?.pid ?? []);
  expect(pids.length).toBeGreaterThanOrEqual(4);
  expect(await demo.end('SIGINT')).toEqual({ code: 0, signal: null });
  for (const name of names) expect(recordedProcess(join(dataDir, 'run', name)), name).toBeUndefined();
  expect(demo.stderr).toBe('');
});

/** The paths of all files below a directory, but for directories that are merged away while it looks. */
function filesBelow(directory: string): string[] {
  let entries: Dirent[];
  try {
    entries = readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return entries.flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return filesBelow(path);
    return entry.isFile() ? [path] : [];
  });
}

/** The bytes of a file; none when it has been merged or loaded away meanwhile. */
function readIfThere(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    return Buffer.alloc(0);
  }
}
