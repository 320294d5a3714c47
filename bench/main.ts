import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { OtlpBatch, SPANS_PER_BATCH, SPANS_PER_TRACE } from './otlp-batch.ts';
import { startWaybillUnderTest, type WaybillUnderTest } from './waybill-under-test.ts';

/*
 * How much Waybill takes, what a span costs, and how soon it is seen. One fresh server of this checkout with its defaults: every
 * batch is redacted, bound, and on disk (fsync) before it is acknowledged; the store is the embedded one. Sender and server share
 * the machine, so the rate is that of a machine which also carries the sender; the cost per CPU-second is the server's alone.
 *
 * 1. Closed loop: 8 connections, each sends its next batch when the last is acknowledged. Gives the rate.
 * 2. Until the journal is empty and every order is refolded: that work belongs to the cost. CPU-seconds are those of all processes
 *    of Waybill from the first batch to this moment; disk is the data directory then, in blocks, before old parts are merged away.
 * 3. Open loop at half of that rate: a batch is due at a fixed time whether or not the last was answered, and its latency counts
 *    from then. Beside it, single batches are sent and looked for through the API every 10 ms, from their acknowledgement: freshness.
 * 4. Nothing is lost: a sample of the acknowledged traces is complete in the store.
 */

const CONNECTIONS = 8;
/** Open-loop requests that may wait; beyond it the sender is late, and the latency says so. */
const MAX_OPEN = 64;
const SETTLED_WITHIN_MS = 120_000;
const agent = new Agent({ keepAlive: true, maxSockets: MAX_OPEN });

interface Phase {
  spans: number;
  refused: number;
  seconds: number;
  readonly latenciesMs: number[];
  readonly traceIds: string[];
}

function newPhase(): Phase {
  return { spans: 0, refused: 0, seconds: 0, latenciesMs: [], traceIds: [] };
}

function post(url: string, bytes: Buffer): Promise<number> {
  return new Promise((done, fail) => {
    const headers = { 'content-type': 'application/x-protobuf', 'content-length': bytes.length };
    const sent = request(url, { method: 'POST', agent, headers }, (response) => {
      response.resume();
      response.once('end', () => done(response.statusCode ?? 0));
    });
    sent.once('error', fail);
    sent.end(bytes);
  });
}

async function send(waybill: WaybillUnderTest, batch: OtlpBatch, phase: Phase, dueAt: number): Promise<void> {
  const { bytes, firstTraceId } = batch.next(Date.now());
  // A copy: the batch is written over while this one is under way.
  const status = await post(waybill.otlp, Buffer.from(bytes));
  if (status !== 200) {
    phase.refused += SPANS_PER_BATCH;
    return;
  }
  phase.spans += SPANS_PER_BATCH;
  phase.latenciesMs.push(performance.now() - dueAt);
  if (phase.traceIds.length < 50 || Math.random() < 0.01) phase.traceIds.push(firstTraceId);
}

async function closedLoop(waybill: WaybillUnderTest, batch: OtlpBatch, seconds: number): Promise<Phase> {
  const phase = newPhase();
  const startedAt = performance.now();
  const loop = async () => {
    while (performance.now() - startedAt < seconds * 1000) await send(waybill, batch, phase, performance.now());
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, loop));
  phase.seconds = (performance.now() - startedAt) / 1000;
  return phase;
}

async function openLoop(waybill: WaybillUnderTest, batch: OtlpBatch, seconds: number, rate: number): Promise<Phase> {
  const phase = newPhase();
  const everyMs = (SPANS_PER_BATCH / rate) * 1000;
  const startedAt = performance.now();
  const open = new Set<Promise<void>>();
  for (let dueAt = startedAt; dueAt - startedAt < seconds * 1000; dueAt += everyMs) {
    const early = dueAt - performance.now();
    if (early > 0) await sleep(early);
    while (open.size >= MAX_OPEN) await Promise.race(open);
    const sending: Promise<void> = send(waybill, batch, phase, dueAt).finally(() => open.delete(sending));
    open.add(sending);
  }
  await Promise.all(open);
  phase.seconds = (performance.now() - startedAt) / 1000;
  return phase;
}

/** Milliseconds from the acknowledgement of a span to its trace in the API, again and again until the signal fires. */
async function freshness(waybill: WaybillUnderTest, signal: AbortSignal): Promise<number[]> {
  const found: number[] = [];
  const batch = new OtlpBatch();
  while (!signal.aborted) {
    const { bytes, firstTraceId } = batch.next(Date.now());
    await post(waybill.otlp, Buffer.from(bytes));
    const acknowledgedAt = performance.now();
    while (!(await isVisible(waybill, firstTraceId))) await sleep(10);
    found.push(performance.now() - acknowledgedAt);
    await sleep(250);
  }
  return found;
}

async function isVisible(waybill: WaybillUnderTest, traceId: string): Promise<boolean> {
  const response = await fetch(`${waybill.api}/api/traces/${traceId}`);
  await response.arrayBuffer();
  return response.ok;
}

/** Waits until everything accepted is in the store and every touched order is refolded; false when that takes too long. */
async function untilSettled(waybill: WaybillUnderTest): Promise<boolean> {
  for (const giveUpAt = Date.now() + SETTLED_WITHIN_MS; Date.now() < giveUpAt; await sleep(100)) {
    const { journal, projector } = await waybill.system();
    if (journal.segments === 0 && projector.lagMs === 0) return true;
  }
  return false;
}

/** Traces of the sample whose spans are not all in the store. */
async function incomplete(waybill: WaybillUnderTest, traceIds: readonly string[]): Promise<number> {
  let count = 0;
  for (const traceId of traceIds) {
    const { spans } = (await (await fetch(`${waybill.api}/api/traces/${traceId}`)).json()) as { spans?: unknown[] };
    if (spans?.length !== SPANS_PER_TRACE) count += 1;
  }
  return count;
}

function quantiles(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) =>
    (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0).toFixed(1);
  return `p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms`;
}

function row(name: string, text: string): void {
  process.stdout.write(`${name.padEnd(34)} ${text}\n`);
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}

async function bench(seconds: number): Promise<boolean> {
  const waybill = await startWaybillUnderTest();
  try {
    const batch = new OtlpBatch();
    row('request', `${SPANS_PER_BATCH} spans, ${(batch.bytes.length / SPANS_PER_BATCH).toFixed(0)} bytes a span`);
    await closedLoop(waybill, batch, 2);
    await untilSettled(waybill);
    const before = { cpu: waybill.cpuSeconds(), disk: waybill.diskBytes() };
    const full = await closedLoop(waybill, batch, seconds);
    const rate = full.spans / full.seconds;
    row('closed loop: accepted', `${whole(rate)} spans/s, ${whole(full.refused)} refused`);
    row('closed loop: latency', quantiles(full.latenciesMs));
    const isSettled = await untilSettled(waybill);
    const cpu = waybill.cpuSeconds() - before.cpu;
    row('cost, store included', `${whole(full.spans / cpu)} spans per CPU-second`);
    const { projector } = await waybill.system();
    row('orders', `${isSettled ? 'all refolded' : 'NOT all refolded'}, ${whole(projector.failures)} failed rounds`);
    row('disk', `${((waybill.diskBytes() - before.disk) / full.spans).toFixed(1)} bytes a span`);
    const probing = new AbortController();
    const probes = freshness(waybill, probing.signal);
    const half = await openLoop(waybill, batch, seconds, rate / 2);
    probing.abort();
    row('open loop at half: accepted', `${whole(half.spans / half.seconds)} spans/s, ${whole(half.refused)} refused`);
    row('open loop at half: latency', quantiles(half.latenciesMs));
    row('open loop at half: freshness', quantiles(await probes));
    await untilSettled(waybill);
    const sample = [...full.traceIds, ...half.traceIds];
    const missing = await incomplete(waybill, sample);
    row('kept', `${sample.length - missing} of ${sample.length} sampled traces are complete`);
    return missing === 0 && isSettled;
  } finally {
    agent.destroy();
    await waybill.stop();
  }
}

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '20' } } });
const seconds = Number(values.seconds);
if (!(seconds >= 1 && seconds <= 600)) throw new Error('--seconds is a number from 1 to 600');
process.exitCode = (await bench(seconds)) ? 0 : 1;
