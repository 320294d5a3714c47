import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OrderMessages, orderMessages, type Queues, queues } from '../../src/api/contract/index.ts';
import { quantile } from '../../src/lifecycle/dwell/quantile.ts';
import { findRabbitmq } from '../../tools/demo/install.ts';
import { CHECKOUT, endEverything, StartedProcess, temporaryDirectory, untilWithin, Waybill } from './harness.ts';
import { type QueueTruth, queueTruth } from './queue-delay-truth.ts';
import { TracedBroker } from './traced-broker.ts';

/** What is required where the machine lets the truth be told, in milliseconds. */
const MOST_P50_MS = 1;
const MOST_P95_MS = 5;
/** A machine is quiet where its broker answers within this, 95 times of 100, and the truth is sure of almost every message. */
const QUIET_ROUND_TRIP_MS = 1.5;
const QUIET_SURE = 0.9;
/** Messages whose truth is sure, of a scenario, below which their quantiles say nothing. */
const FEWEST_SURE = 20;
/** A busy machine gets more than one try to be quiet. */
const MOST_ROUNDS = 3;

let broker: TracedBroker;
let waybill: Waybill;

const until = untilWithin(60_000);

async function ask(path: string): Promise<unknown> {
  return (await waybill.api.fetch(path)).json();
}

async function messagesOf(orderId: string): Promise<OrderMessages['messages']> {
  return orderMessages.parse(await ask(`/api/orders/${orderId}/messages`)).messages;
}

async function delayOf(queue: string): Promise<Queues['queues'][number]['delay'] | undefined> {
  return queues.parse(await ask('/api/queues')).queues.find((each) => each.queue === queue)?.delay;
}

/** The scenario in which everything is handed out at once. */
function isBurst(name: string): boolean {
  return name.startsWith('burst');
}

/** The p50 and the p95 of values in any order. */
function spread(values: readonly number[]): { p50: number; p95: number } {
  const sorted = Float64Array.from(values).sort();
  return { p50: quantile(sorted, 0.5) ?? Number.NaN, p95: quantile(sorted, 0.95) ?? Number.NaN };
}

/**
 * How far a figure is from the truth: the middle one of the errors in the tenth of all ranks around it. A figure is the delay of one message,
 * and one message of twenty is further from the truth than most; the ones around it are not.
 */
function errorAround(share: number, pairs: readonly { readonly delayMs: number; readonly truthMs: number }[]): number {
  const delays = Float64Array.from(pairs, ({ delayMs }) => delayMs).sort();
  const truths = Float64Array.from(pairs, ({ truthMs }) => truthMs).sort();
  const [from, to] = [share - 0.05, share + 0.05].map((rank) => Math.floor(rank * pairs.length));
  const errors = Array.from(delays, (delay, rank) => Math.abs(delay - (truths[rank] ?? Number.NaN)));
  return spread(errors.slice(from, to)).p50;
}

/** Runs the program that tells the truth. */
async function tellTruth(round: number): Promise<QueueTruth> {
  const file = join(CHECKOUT, 'test/system/queue-delay-truth.ts');
  const program = new StartedProcess([file, broker.url, `-${round}`]);
  expect(await program.exited, program.stderr).toMatchObject({ code: 0 });
  return queueTruth.parse(JSON.parse(program.stdout));
}

/** Holds the figures of one queue against the truth; milliseconds. */
async function compare({ name, messages }: QueueTruth['scenarios'][number]) {
  const found = await until(
    () => messagesOf(name),
    (all) => all.filter(({ deliveredAt }) => deliveredAt !== null).length === messages.length,
  );
  const delay = await until(
    () => delayOf(name),
    ({ count, suppressed }) => count + suppressed === messages.length,
  );
  const measured = new Map(found.map((each) => [each.routingKey, each]));
  const pairs = messages.flatMap(({ routingKey, delayMs: truthMs, wayMs, sure }) => {
    const { delayMs = null, uncertaintyMs = null } = measured.get(routingKey) ?? {};
    return delayMs === null || uncertaintyMs === null ? [] : [{ truthMs, delayMs, uncertaintyMs, wayMs, sure }];
  });
  const sure = pairs.filter((each) => each.sure);
  const error = (each: (typeof pairs)[number]): number => Math.abs(each.delayMs - each.truthMs);
  // Of the same messages: what is left out is left out while the machine is busy, when messages wait longer.
  const truth = spread(pairs.map(({ truthMs }) => truthMs));
  const own = spread(pairs.map(({ delayMs }) => delayMs));
  return {
    delay,
    pairs,
    sure,
    error: spread(sure.map(error)),
    within: (ms: number) => sure.filter((each) => error(each) <= each.uncertaintyMs + ms).length / sure.length,
    // But for what its own way explains; the truth holds that.
    asStated: sure.filter((each) => error(each) - each.wayMs <= each.uncertaintyMs).length / sure.length,
    // The figures are those of their messages, to the digit.
    fromOwn: Math.max(Math.abs((delay.p50Ms ?? Number.NaN) - own.p50), Math.abs((delay.p95Ms ?? Number.NaN) - own.p95)),
    p50Error: errorAround(0.5, pairs),
    p95Error: errorAround(0.95, pairs),
    truth,
  };
}

/** The share of messages that the truth is sure of; a burst holds it up itself. */
function sureShare({ scenarios }: QueueTruth): number {
  const messages = scenarios.filter(({ name }) => !isBurst(name)).flatMap((each) => each.messages);
  return messages.filter(({ sure }) => sure).length / messages.length;
}

describe.skipIf(findRabbitmq() === undefined)('queue delay', () => {
  beforeAll(async () => {
    broker = await TracedBroker.start();
    const brokers = [broker.configuration({ name: 'main', admin: broker.admin })];
    const messages = { orders: [{ from: { header: 'order-id' } }] };
    waybill = await Waybill.start({ dataDir: await temporaryDirectory(), more: { rabbitmq: { brokers, messages } } });
    await until(
      async () => (await waybill.api.system()).rabbitmq[0],
      ({ state, tracing }) => state === 'running' && tracing === 'on',
    );
  });
  afterAll(async () => {
    await endEverything();
    await broker?.stop();
  });

  it('is what publisher and consumer measure, or is left out', async () => {
    for (let round = 1; round <= MOST_ROUNDS; round += 1) {
      const truth = await tellTruth(round);
      // What a message takes besides its wait, on a machine as busy as this one: to the broker, through it and to the consumer.
      const way = spread(truth.roundTripsMs);
      const isQuiet = way.p95 <= QUIET_ROUND_TRIP_MS && sureShare(truth) >= QUIET_SURE;
      for (const scenario of truth.scenarios) {
        const compared = await compare(scenario);
        const { delay, pairs, sure, error, within, asStated, fromOwn, p50Error, p95Error, truth: real } = compared;
        const line = [
          `${scenario.name}: ${pairs.length} of ${scenario.messages.length} measured, ${sure.length} surely;`,
          `error p50 ${error.p50.toFixed(2)} p95 ${error.p95.toFixed(2)} ms, stated ${delay.uncertaintyMs?.toFixed(2)}, ${(asStated * 100).toFixed(0)} % as stated;`,
          `figures p50 ${delay.p50Ms?.toFixed(2)} (${real.p50.toFixed(2)}) p95 ${delay.p95Ms?.toFixed(2)} (${real.p95.toFixed(2)});`,
          `round trip ${way.p50.toFixed(2)}, ${way.p95.toFixed(2)}${isQuiet ? '; quiet' : ''}`,
        ].join(' ');
        process.stdout.write(`${line}\n`);
        expect(delay.source, line).toBe(pairs.length === 0 ? null : 'firehose_arrival');
        if (isQuiet) expect(pairs.length / scenario.messages.length, line).toBeGreaterThan(0.8);
        if (pairs.length === 0) continue;
        // On a busy machine the truth may be hardly sure of any of them: then there is nothing to hold figures against.
        if (!isQuiet && sure.length < FEWEST_SURE) continue;
        // Events of a burst come late by nature; then, as on a busy machine, Waybill must say by how much.
        const isStrict = isQuiet && !isBurst(scenario.name);
        const stated = way.p95 + (delay.uncertaintyMs ?? 0);
        const most50 = isStrict ? MOST_P50_MS : Math.max(MOST_P50_MS, stated);
        const most95 = isStrict ? MOST_P95_MS : Math.max(MOST_P95_MS, stated);
        expect(fromOwn, line).toBeLessThan(0.001);
        // The truth of each holds its way.
        expect(p50Error, line).toBeLessThanOrEqual(most50 + way.p50);
        expect(p95Error, line).toBeLessThanOrEqual(most95);
        if (sure.length < FEWEST_SURE) continue;
        expect(error.p50, line).toBeLessThanOrEqual(most50);
        expect(error.p95, line).toBeLessThanOrEqual(most95);
        // On a busy machine more than one message of twenty takes longer than the others to come and go: then each has its own way.
        expect(isQuiet ? within(way.p95) : asStated, line).toBeGreaterThanOrEqual(0.95);
      }
      if (isQuiet) return;
    }
  });
});
