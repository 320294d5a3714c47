import type { LogBatch } from '../../model/log-batch.ts';
import { SpanBatch } from '../../model/span-batch.ts';
import type { UnixNano } from '../../model/units.ts';
import { bytesOf, constantMilliTime, fixed, lowCardinality, uint32 } from '../../wire/native/column-makers.ts';
import { planBlock } from '../../wire/native/encode.ts';
import type { SpanBinding } from '../in-flight.ts';
import { attributeColumns, bindingColumns, originColumns } from './origin-columns.ts';
import type { TableBlock } from './record.ts';
import { resourceIdsOf } from './resource-ids.ts';
import { RowHash } from './row-hash.ts';

/** Encodes the rows of table `logs`. */
export function encodeLogs(logs: LogBatch, binding: SpanBinding, observedAt: UnixNano): TableBlock {
  const rows = logs.length;
  const { table } = logs;
  const resourceIds = resourceIdsOf(logs);
  const recordIds = recordIdsOf(logs, resourceIds);
  const bodies = Uint32Array.from(logs.bodies.values, (id) => table.valueId(id));
  const columns = [
    fixed('time', "DateTime64(9, 'UTC')", new Uint8Array(timesOf(logs, observedAt).buffer)),
    fixed('observed_time', "DateTime64(9, 'UTC')", bytesOf(logs.observedTimes)),
    fixed('record_id', 'UInt64', new Uint8Array(recordIds.buffer)),
    fixed('severity_number', 'UInt8', logs.severityNumbers.bytes),
    lowCardinality('severity_text', logs.severityTextIds.values, table.strings),
    { name: 'body', type: 'String', data: { kind: 'string' as const, ids: bodies, strings: table.strings } },
    fixed(
      'body_type',
      'UInt8',
      Uint8Array.from(logs.bodies.values, (id) => table.typeOf(id)),
    ),
    lowCardinality('event_name', logs.eventNameIds.values, table.strings),
    fixed('trace_id', 'FixedString(16)', logs.traceIds.bytes),
    fixed('span_id', 'FixedString(8)', logs.spanIds.bytes),
    uint32('flags', logs.flags.values),
    ...originColumns(logs, resourceIds),
    ...attributeColumns('attribute', logs.attributeEnds, logs.attributes, table),
    uint32('dropped_attributes', logs.droppedAttributes.values),
    ...bindingColumns(binding),
    constantMilliTime('observed_at', observedAt, rows),
  ];
  return { table: 'logs', rows, block: planBlock(columns, rows) };
}

/** When each record happened; where its sender did not say, when it was seen: by the sender's collector, or by us. */
function timesOf(logs: LogBatch, observedAt: UnixNano): Uint32Array {
  const times = new Uint32Array(logs.length * 2);
  const { times: sent, observedTimes } = logs;
  for (let at = 0; at < times.length; at += 2) {
    const column = sent.at(at) === 0 && sent.at(at + 1) === 0 ? observedTimes : sent;
    times[at] = column.at(at);
    times[at + 1] = column.at(at + 1);
    if (times[at] !== 0 || times[at + 1] !== 0) continue;
    times[at] = Number(observedAt & 0xffff_ffffn);
    times[at + 1] = Number(observedAt >> 32n);
  }
  return times;
}

/**
 * Names each record by what it says, because OTLP gives records no id: a request that is sent again stores nothing twice. Records of
 * one request that are alike in everything are different ones, and counted as such.
 */
function recordIdsOf(logs: LogBatch, resourceIds: readonly bigint[]): BigUint64Array {
  const { table } = logs;
  const row = new RowHash(table.strings);
  const seen = new Map<bigint, number>();
  const ids = new BigUint64Array(logs.length);
  const traceIds = logs.traceIds.bytes;
  const spanIds = logs.spanIds.bytes;
  const keyValue = (id: number): void => {
    row.string(table.keyId(id));
    row.uint32(table.typeOf(id));
    row.string(table.valueId(id));
  };
  for (let index = 0; index < logs.length; index += 1) {
    row.begin();
    row.uint64(resourceIds[logs.resourceIndexes.at(index)] ?? 0n);
    row.string(logs.scopes[logs.scopeIndexes.at(index)]?.nameId ?? 0);
    for (const column of [logs.times, logs.observedTimes]) {
      row.uint32(column.at(index * 2));
      row.uint32(column.at(index * 2 + 1));
    }
    row.uint32(logs.severityNumbers.at(index));
    row.string(logs.eventNameIds.at(index));
    row.bytes(traceIds, index * 16, index * 16 + 16);
    row.bytes(spanIds, index * 8, index * 8 + 8);
    keyValue(logs.bodies.at(index));
    const end = logs.attributeEnds.at(index);
    for (let at = SpanBatch.startOf(logs.attributeEnds, index); at < end; at += 1) keyValue(logs.attributes.at(at));
    const id = row.finish();
    const repetition = seen.get(id) ?? 0;
    seen.set(id, repetition + 1);
    ids[index] = BigInt.asUintN(64, id + BigInt(repetition));
  }
  return ids;
}
