import type { Batch } from '../../model/batch.ts';
import type { Consumer } from '../../model/consumer.ts';
import type { KeyValueTable } from '../../model/key-value-table.ts';
import { decodeLogsJson } from '../../wire/otlp/decode-logs-json.ts';
import { decodeLogsProtobuf } from '../../wire/otlp/decode-logs-protobuf.ts';
import { decodeMetricsJson } from '../../wire/otlp/decode-metrics-json.ts';
import { decodeMetricsProtobuf } from '../../wire/otlp/decode-metrics-protobuf.ts';
import { DecodeTally } from '../../wire/otlp/decode-tally.ts';
import { decodeTraceJson } from '../../wire/otlp/decode-trace-json.ts';
import { decodeTraceProtobuf } from '../../wire/otlp/decode-trace-protobuf.ts';
import type { OtlpEncoding, PartialSuccess } from '../../wire/otlp/encode-status.ts';
import type { DecodeLimits } from '../../wire/otlp/limits.ts';
import { CurrentTable } from './current-table.ts';
import type { OtlpTally } from './tally.ts';

/** The signals of OTLP, as they stand in the paths of OTLP/HTTP. */
export const SIGNALS = ['traces', 'metrics', 'logs'] as const;
export type Signal = (typeof SIGNALS)[number];

/** What decoding a request is given. */
interface Request {
  readonly body: Uint8Array;
  readonly encoding: OtlpEncoding;
  readonly table: KeyValueTable;
  readonly options: { readonly limits: DecodeLimits; readonly tally: DecodeTally };
}

const DECODE: Record<Signal, (request: Request) => { readonly batch: Batch; readonly rows: number }> = {
  traces: ({ body, encoding, table, options }) => {
    const spans = (encoding === 'protobuf' ? decodeTraceProtobuf : decodeTraceJson)(body, table, options);
    return { batch: { kind: 'spans', spans }, rows: spans.length };
  },
  metrics: ({ body, encoding, table, options }) => {
    const metrics = (encoding === 'protobuf' ? decodeMetricsProtobuf : decodeMetricsJson)(body, table, options);
    return { batch: { kind: 'metrics', metrics }, rows: metrics.length };
  },
  logs: ({ body, encoding, table, options }) => {
    const logs = (encoding === 'protobuf' ? decodeLogsProtobuf : decodeLogsJson)(body, table, options);
    return { batch: { kind: 'logs', logs }, rows: logs.length };
  },
};

const REJECTED: Record<Signal, (tally: DecodeTally) => Pick<PartialSuccess, 'field' | 'rejected'>> = {
  traces: (tally) => ({ field: 'rejectedSpans', rejected: tally.rejectedSpans }),
  metrics: (tally) => ({ field: 'rejectedDataPoints', rejected: tally.rejectedDataPoints }),
  logs: (tally) => ({ field: 'rejectedLogRecords', rejected: tally.rejectedLogRecords }),
};

/** Takes the bodies of export requests: decodes them, hands them on, and returns when they are durable. */
export class OtlpIntake {
  readonly #next: Consumer;
  readonly #limits: DecodeLimits;
  readonly #tally: OtlpTally;
  /** One a signal: the values of logs hardly repeat and would push those of spans out. */
  readonly #tables: Record<Signal, CurrentTable> = {
    traces: new CurrentTable(),
    metrics: new CurrentTable(),
    logs: new CurrentTable(),
  };

  constructor(next: Consumer, limits: DecodeLimits, tally: OtlpTally) {
    this.#next = next;
    this.#limits = limits;
    this.#tally = tally;
  }

  /** Resolves to what must not be resent, or undefined on full success. Throws what decoding or `next` throws. */
  async take(signal: Signal, body: Uint8Array, encoding: OtlpEncoding): Promise<PartialSuccess | undefined> {
    const tally = new DecodeTally();
    const options = { limits: this.#limits, tally };
    const { batch, rows } = DECODE[signal]({ body, encoding, table: this.#tables[signal].get(), options });
    if (rows > 0) await this.#next.consume(batch);
    this.#tally.accept(body.length, tally);
    const { field, rejected } = REJECTED[signal](tally);
    return rejected === 0 ? undefined : { field, rejected, errorMessage: tally.describeRejections() };
  }
}
