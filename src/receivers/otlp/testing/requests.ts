import { gzipSync } from 'node:zlib';
import { encodeMessage } from '../../../wire/otlp/testing/trace-proto.ts';

/** A trace export of `count` spans as the object that both encodings are made from; ids as bytes. */
function exportOf(count: number, hex: boolean): Record<string, unknown> {
  const id = (bytes: number, index: number): unknown => {
    const value = Buffer.alloc(bytes);
    value.writeUInt32BE(index + 1, bytes - 4);
    return hex ? value.toString('hex') : value;
  };
  const spans = Array.from({ length: count }, (_, index) => ({
    traceId: id(16, index),
    spanId: id(8, index),
    name: `span ${index}`,
    startTimeUnixNano: '1700000000000000000',
    endTimeUnixNano: '1700000000000000001',
    attributes: [{ key: 'order.id', value: { stringValue: `ORD-${index}` } }],
  }));
  return { resourceSpans: [{ scopeSpans: [{ spans }] }] };
}

export function protobufExport(count: number): Uint8Array {
  return encodeMessage('ExportTraceServiceRequest', exportOf(count, false));
}

export function jsonExport(count: number): Uint8Array {
  return Buffer.from(JSON.stringify(exportOf(count, true)));
}

/** A request with one good span and one without ids. */
export function partlyBadExport(): Uint8Array {
  return Buffer.concat([
    protobufExport(1),
    encodeMessage('ExportTraceServiceRequest', { resourceSpans: [{ scopeSpans: [{ spans: [{ name: 'bad' }] }] }] }),
  ]);
}

/** Gzip that inflates to `megabytes` of zeros: as many members, because making one of that size takes seconds. */
export function zeroBomb(megabytes: number): Buffer {
  const member = gzipSync(Buffer.alloc(1024 * 1024));
  return Buffer.concat(Array.from({ length: megabytes }, () => member));
}
