import type { Consumer } from '../../model/consumer.ts';
import { KeyValueTable } from '../../model/key-value-table.ts';
import { DecodeTally } from '../../wire/otlp/decode-tally.ts';
import { decodeTraceJson } from '../../wire/otlp/decode-trace-json.ts';
import { decodeTraceProtobuf } from '../../wire/otlp/decode-trace-protobuf.ts';
import type { OtlpEncoding, PartialSuccess } from '../../wire/otlp/encode-status.ts';
import type { DecodeLimits } from '../../wire/otlp/limits.ts';
import type { OtlpTally } from './tally.ts';

// A table beyond these sizes is left to the batches that use it and a new one is started.
const MAX_TABLE_BYTES = 16 * 1024 * 1024;
const MAX_TABLE_ENTRIES = 200_000;

/** Takes the body of a trace export: decodes it, hands it on, and returns when it is durable. */
export class TraceIntake {
  readonly #next: Consumer;
  readonly #limits: DecodeLimits;
  readonly #tally: OtlpTally;
  #table = new KeyValueTable();

  constructor(next: Consumer, limits: DecodeLimits, tally: OtlpTally) {
    this.#next = next;
    this.#limits = limits;
    this.#tally = tally;
  }

  /** Resolves to what must not be resent, or undefined on full success. Throws what decoding or `next` throws. */
  async take(body: Uint8Array, encoding: OtlpEncoding): Promise<PartialSuccess | undefined> {
    const tally = new DecodeTally();
    const options = { limits: this.#limits, tally };
    const decode = encoding === 'protobuf' ? decodeTraceProtobuf : decodeTraceJson;
    const spans = decode(body, this.#currentTable(), options);
    if (spans.length > 0) await this.#next.consume({ kind: 'spans', spans });
    this.#tally.accept(body.length, tally);
    const { rejectedSpans } = tally;
    return rejectedSpans === 0 ? undefined : { rejectedSpans, errorMessage: tally.describeRejections() };
  }

  #currentTable(): KeyValueTable {
    const table = this.#table;
    const { strings } = table;
    if (strings.byteLength > MAX_TABLE_BYTES || strings.size > MAX_TABLE_ENTRIES || table.size > MAX_TABLE_ENTRIES) {
      this.#table = new KeyValueTable();
    }
    return this.#table;
  }
}
