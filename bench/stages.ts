import { gunzipSync, gzipSync } from 'node:zlib';
import { calibrate } from '../src/bench/calibration.ts';
import { RunIds } from '../src/bench/ids.ts';
import { type Cardinality, RequestBody } from '../src/bench/request-body.ts';
import { calibratedPlan, type Encoding, encodeTemplates } from '../src/bench/template.ts';
import { msToNano } from '../src/model/units.ts';
import { Binder } from '../src/pipeline/bind/binder.ts';
import { bindConfig } from '../src/pipeline/bind/config.ts';
import type { InFlight } from '../src/pipeline/in-flight.ts';
import { encodeRecord } from '../src/pipeline/journal/encode-record.ts';
import { type JournalRecord, readSegment } from '../src/pipeline/journal/record.ts';
import { redactConfig } from '../src/pipeline/redact/config.ts';
import { Redactor } from '../src/pipeline/redact/redactor.ts';
import { CurrentTable } from '../src/receivers/otlp/current-table.ts';
import { decodeTraceJson } from '../src/wire/otlp/decode-trace-json.ts';
import { decodeTraceProtobuf } from '../src/wire/otlp/decode-trace-protobuf.ts';
import { protobufjsSpansPerCpuSecond } from './protobufjs-decode.ts';

/*
 * CPU of each stage of the ingest path by itself, without sockets, disk and store, warmed up, on one thread: `npm run bench:stages`.
 * Garbage is collected in whichever stage it happens; compare the sum as well.
 */

const BATCH = 512;
const REQUESTS = 200;
const ROUNDS = 3;

type StageTimes = Map<string, number>;

function bodies(encoding: Encoding, cardinality: Cardinality): Buffer[] {
  const [template] = encodeTemplates(calibratedPlan(429), BATCH, encoding);
  if (template === undefined) throw new Error('there is no template');
  const body = new RequestBody(template, { ids: new RunIds(1), cardinality, encoding });
  return Array.from({ length: REQUESTS }, (_, index) => {
    body.fill(index * BATCH, Date.now());
    return Buffer.from(body.bytes);
  });
}

function timed<Result>(times: StageTimes, stage: string, work: () => Result): Result {
  const before = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(before);
  times.set(stage, (times.get(stage) ?? 0) + user + system);
  return result;
}

/** One pass over all requests, stage by stage; microseconds of CPU by stage. */
function pass(requests: readonly Buffer[], encoding: Encoding): StageTimes {
  const times: StageTimes = new Map();
  const table = new CurrentTable();
  const redactor = new Redactor(redactConfig.parse({}));
  const binder = new Binder(bindConfig.parse({}));
  const decode = encoding === 'protobuf' ? decodeTraceProtobuf : decodeTraceJson;
  // In groups, so that as much is alive as in a server and the clock is read seldom.
  for (let first = 0; first < requests.length; first += 8) {
    const group = requests.slice(first, first + 8);
    const packed = group.map((body) => gzipSync(body, { level: 1 }));
    const plain = timed(times, 'gunzip (where a request is compressed)', () => packed.map((body) => gunzipSync(body)));
    const spans = timed(times, 'decode', () => plain.map((body) => decode(body, table.get())));
    const observedAt = msToNano(Date.now());
    const batches = spans.map(
      (each): InFlight => ({
        observedAt,
        spans: each,
        messages: undefined,
        facts: [],
        attributes: [],
        binding: undefined,
      }),
    );
    timed(times, 'redact', () => {
      for (const batch of batches) redactor.redact(batch);
    });
    timed(times, 'bind', () => {
      for (const batch of batches) binder.bind(batch);
    });
    const records = timed(times, 'encode and checksum the record', () => batches.map((batch) => encodeRecord(batch)));
    readBack(times, records);
  }
  return times;
}

function readBack(times: StageTimes, records: readonly JournalRecord[]): void {
  const file = Buffer.concat(records.map(({ bytes }) => bytes));
  timed(times, 'read the segment for the store', () => readSegment(file, 1));
}

function best(encoding: Encoding, cardinality: Cardinality): StageTimes {
  const requests = bodies(encoding, cardinality);
  const passes = Array.from({ length: ROUNDS }, () => pass(requests, encoding));
  const sum = (times: StageTimes): number => [...times.values()].reduce((a, b) => a + b, 0);
  return passes.reduce((least, times) => (sum(times) < sum(least) ? times : least));
}

const [sample] = bodies('protobuf', 'medium');
if (sample === undefined) throw new Error('there is no request');
const { memcpy, protobufWalk, zstd } = calibrate(sample);
process.stdout.write(
  `one core: memcpy ${(memcpy / 1e9).toFixed(1)} GB/s, protobuf walk ${(protobufWalk / 1e6).toFixed(0)} MB/s, zstd ${(zstd / 1e6).toFixed(0)} MB/s\n`,
);
process.stdout.write(
  `protobufjs, decoding only: ${(1e6 / protobufjsSpansPerCpuSecond(sample, BATCH)).toFixed(2)} µs a span\n`,
);
for (const encoding of ['protobuf', 'json'] as const) {
  for (const cardinality of ['low', 'medium', 'high'] as const) {
    process.stdout.write(`\n${encoding}, ${cardinality} cardinality: µs of CPU a span\n`);
    for (const [stage, micros] of best(encoding, cardinality)) {
      process.stdout.write(`  ${stage.padEnd(40)} ${(micros / (REQUESTS * BATCH)).toFixed(2)}\n`);
    }
  }
}
