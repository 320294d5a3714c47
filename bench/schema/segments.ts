import { RunIds } from '../../src/bench/ids.ts';
import { PLAN_SPANS } from '../../src/bench/plan.ts';
import { type Cardinality, RequestBody } from '../../src/bench/request-body.ts';
import { calibratedPlan, encodeTemplates } from '../../src/bench/template.ts';
import { msToNano } from '../../src/model/units.ts';
import { Binder } from '../../src/pipeline/bind/binder.ts';
import { bindConfig } from '../../src/pipeline/bind/config.ts';
import type { InFlight } from '../../src/pipeline/in-flight.ts';
import { encodeRecord } from '../../src/pipeline/journal/encode-record.ts';
import { readSegment } from '../../src/pipeline/journal/record.ts';
import { redactConfig } from '../../src/pipeline/redact/config.ts';
import { Redactor } from '../../src/pipeline/redact/redactor.ts';
import { CurrentTable } from '../../src/receivers/otlp/current-table.ts';
import { decodeTraceProtobuf } from '../../src/wire/otlp/decode-trace-protobuf.ts';

/** Requests of one segment: about as many spans as the journal seals a segment at under load. */
const REQUESTS_PER_SEGMENT = 98;
/** Spans of one segment. */
export const SEGMENT_SPANS = REQUESTS_PER_SEGMENT * PLAN_SPANS;
/** Spans a second by the clock of the generated spans. */
const RATE = 20_000;

/** Blocks in the Native format, by table. */
export type SegmentBlocks = ReadonlyMap<string, Buffer>;

/** The same for the same seed. */
export const SEED = 1;

/** When span number `span` was sent, milliseconds since 1970: all lie in the past hours, so that no retention touches them. */
export function sentAt(span: number, spans: number, endMs: number): number {
  return endMs - Math.round(((spans - span) / RATE) * 1000);
}

/** Generated load by way of the real stages and the journal's codec, segment by segment. */
export function* segments(spans: number, cardinality: Cardinality, endMs: number): Generator<SegmentBlocks> {
  const [template] = encodeTemplates(calibratedPlan(429), PLAN_SPANS, 'protobuf');
  if (template === undefined) throw new Error('there is no template');
  const body = new RequestBody(template, { ids: new RunIds(SEED), cardinality, encoding: 'protobuf' });
  const table = new CurrentTable();
  const redactor = new Redactor(redactConfig.parse({}));
  const binder = new Binder(bindConfig.parse({}));
  for (let first = 0; first < spans; first += SEGMENT_SPANS) {
    const records: Uint8Array[] = [];
    const end = Math.min(spans, first + SEGMENT_SPANS);
    for (let span = first; span < end; span += PLAN_SPANS) {
      const now = sentAt(span, spans, endMs);
      body.fill(span, now);
      const batch: InFlight = {
        observedAt: msToNano(now),
        spans: decodeTraceProtobuf(Buffer.from(body.bytes), table.get()),
        messages: undefined,
        facts: [],
        attributes: [],
        binding: undefined,
      };
      redactor.redact(batch);
      binder.bind(batch);
      records.push(encodeRecord(batch).bytes);
    }
    const { tables } = readSegment(Buffer.concat(records), first / SEGMENT_SPANS + 1);
    yield new Map(tables.map(({ table: name, blocks }) => [name, Buffer.concat(blocks)]));
  }
}
