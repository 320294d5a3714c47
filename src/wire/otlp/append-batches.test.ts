import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeyValueTable } from '../../model/key-value-table.ts';
import { SpanBatch } from '../../model/span-batch.ts';
import { decodeTraceProtobuf } from './decode-trace-protobuf.ts';
import { arbitraryRequest, expectedSpans, protobufForm } from './testing/arbitrary-request.ts';
import { plainSpans } from './testing/plain-spans.ts';
import { encodeMessage } from './testing/trace-proto.ts';

describe('SpanBatch.append', () => {
  it('joins requests to what they say one after another', () => {
    fc.assert(
      fc.property(fc.array(arbitraryRequest, { minLength: 1, maxLength: 4 }), (requests) => {
        const table = new KeyValueTable();
        const all = new SpanBatch(table);
        for (const request of requests) {
          all.append(decodeTraceProtobuf(encodeMessage('ExportTraceServiceRequest', protobufForm(request)), table));
        }
        expect(plainSpans(all)).toEqual(requests.flatMap(expectedSpans));
      }),
    );
  });

  it('keeps a resource and a scope once, whichever requests they come with', () => {
    fc.assert(
      fc.property(arbitraryRequest, (request) => {
        const table = new KeyValueTable();
        const bytes = encodeMessage('ExportTraceServiceRequest', protobufForm(request));
        const once = new SpanBatch(table);
        once.append(decodeTraceProtobuf(bytes, table));
        const thrice = new SpanBatch(table);
        for (let round = 0; round < 3; round += 1) thrice.append(decodeTraceProtobuf(bytes, table));
        expect(thrice).toHaveLength(once.length * 3);
        expect(thrice.resources).toHaveLength(once.resources.length);
        expect(thrice.scopes).toHaveLength(once.scopes.length);
      }),
    );
  });

  it('refuses a batch of another table, whose numbers mean something else', () => {
    expect(() => new SpanBatch().append(new SpanBatch())).toThrow(RangeError);
  });
});
