import { UintColumn } from '../../src/model/columns.ts';
import type { KeyValueTable } from '../../src/model/key-value-table.ts';
import { MetricBatch } from '../../src/model/metric-batch.ts';
import { SpanBatch } from '../../src/model/span-batch.ts';
import { bindConfig } from '../../src/pipeline/bind/config.ts';
import { NamingRules } from '../../src/pipeline/bind/namings.ts';
import { encodeSpans } from '../../src/pipeline/journal/encode-spans.ts';
import { packRecord, readSegment } from '../../src/pipeline/journal/record.ts';
import { isSensitiveKey, redactJson, redactUrl } from '../../src/pipeline/redact/sensitive-keys.ts';
import { skimBlocks } from '../../src/wire/native/skim.ts';
import { plainLogs, plainPoints } from '../../src/wire/otlp/testing/plain-signals.ts';
import { plainSpans } from '../../src/wire/otlp/testing/plain-spans.ts';
import { type AnyBatch, LIMITS } from './decoders.ts';

const NOTHING_MORE: ReadonlySet<string> = new Set();
const namings = new NamingRules(
  bindConfig.parse({ aliases: ['mes.job.id'], urlTemplates: ['/orders/{orderId}/**', '/api/*/orders/{orderId}'] }),
);

/** Numbers that a byte of payload can become at most, over all columns: what bounds the memory of a request. */
const MAX_NUMBERS_PER_BYTE = 48;
const MAX_NUMBERS_BESIDE = 1024;

/** Throws where a batch is not what its columns promise: a list that runs backwards or too far, an id that names nothing, too much of it. */
export function checkBatch(batch: AnyBatch, bodyBytes: number): void {
  const { table, length } = batch;
  assert(length <= LIMITS.maxSpans, `${length} rows`);
  let numbers = 0;
  for (const [name, column] of columnsOf(batch)) {
    numbers += column.length;
    if (/ends$/i.test(name)) checkEnds(name, column);
    else if (name.endsWith('Ids')) checkBelow(name, column, table.strings.size);
    else if (/(?:^attributes|Attributes|bodies)$/.test(name) && !name.startsWith('dropped')) {
      checkBelow(name, column, table.size);
    }
  }
  assert(numbers <= bodyBytes * MAX_NUMBERS_PER_BYTE + MAX_NUMBERS_BESIDE, `${numbers} numbers of ${bodyBytes} bytes`);
  assert(batch.attributeEnds.length === length, 'attributeEnds has another length');
  assert(
    batch.attributes.length === (length === 0 ? 0 : batch.attributeEnds.at(length - 1)),
    'attributes beyond the last',
  );
  checkBelow('resourceIndexes', batch.resourceIndexes, batch.resources.length);
  checkBelow('scopeIndexes', batch.scopeIndexes, batch.scopes.length);
  if (batch instanceof SpanBatch) checkSpans(batch);
  else if (batch instanceof MetricBatch) assert(plainPoints(batch).length === length, 'points are missing');
  else assert(plainLogs(batch).length === length, 'records are missing');
}

/** What redaction and binding do once with every distinct key-value. */
export function judgeTable(table: KeyValueTable): void {
  for (let id = 0; id < table.size; id += 1) {
    namings.namingOf(table, id);
    isSensitiveKey(table.key(id), NOTHING_MORE);
    redactUrl(table.value(id), NOTHING_MORE);
    redactJson(table.value(id), NOTHING_MORE);
  }
}

/** The columns of a batch by their names, those of its parts included. */
function columnsOf(batch: object): [string, UintColumn][] {
  return Object.entries(batch).flatMap(([name, value]): [string, UintColumn][] => {
    if (value instanceof UintColumn) return [[name, value]];
    const isPart = name === 'positive' || name === 'negative';
    return isPart && typeof value === 'object' && value !== null ? columnsOf(value as object) : [];
  });
}

function checkEnds(name: string, ends: UintColumn): void {
  let last = 0;
  for (const end of ends.values) {
    assert(end >= last, `${name} runs backwards`);
    last = end;
  }
}

function checkBelow(name: string, ids: UintColumn, size: number): void {
  for (const id of ids.values) assert(id < size, `${name} names ${id} of ${size}`);
}

function checkSpans(batch: SpanBatch): void {
  const { length } = batch;
  const rows = [batch.kinds, batch.statusCodes, batch.flags, batch.nameIds, batch.eventEnds, batch.linkEnds];
  for (const column of rows) assert(column.length === length, 'a column has another length');
  assert(batch.traceIds.length === length * 16 && batch.spanIds.length === length * 8, 'ids are missing');
  assert(batch.starts.length === length * 2 && batch.durations.length === length * 2, 'times are missing');
  const spans = plainSpans(batch);
  for (const span of spans) {
    assert(span.attributes.length <= LIMITS.maxAttributes, 'too many attributes');
    assert(span.events.length <= LIMITS.maxEvents && span.links.length <= LIMITS.maxLinks, 'too many events or links');
    const longest = Math.max(0, ...span.attributes.map(([, , value]) => Buffer.byteLength(value)));
    // JSON escapes, closing brackets and base64 of a cut value may go a little beyond.
    assert(longest <= LIMITS.maxValueBytes * 8, 'a value is too long');
  }
  const binding = {
    orderIds: spans.map(() => ''),
    aliases: spans.map(() => undefined),
    orderTraces: [],
    aliasBindings: [],
    failedTraces: new Set<string>(),
  };
  const record = packRecord([encodeSpans(batch, binding, 0n)]);
  const [stored] = readSegment(Buffer.from(record.bytes), 1).tables;
  const [shape, ...others] = (stored?.blocks ?? []).flatMap(skimBlocks);
  assert(shape?.rows === record.rows && others.length === 0, 'the block is not what it says');
}

function assert(condition: boolean, message: string): void {
  if (!condition) throw new Error(`invariant broken: ${message}`);
}
