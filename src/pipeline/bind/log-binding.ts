import { aliasText } from '../../model/alias-text.ts';
import type { LogBatch } from '../../model/log-batch.ts';
import type { Alias } from '../../model/order.ts';
import { SpanBatch } from '../../model/span-batch.ts';
import type { UnixNano } from '../../model/units.ts';
import type { AliasBinding, OrderTrace, SpanBinding } from '../in-flight.ts';
import { readNamings } from './named.ts';
import type { Naming } from './namings.ts';

const NO_TRACES: ReadonlySet<string> = new Set();

/**
 * Binds log records to the orders that their attributes name. A record that names an order inside a trace says that the trace works
 * for that order; what a record inherits from its span is decided when it is asked for.
 */
export class LogBinding implements SpanBinding {
  readonly orderIds: string[] = [];
  readonly aliases: (Alias | undefined)[] = [];
  readonly orderTraces: OrderTrace[] = [];
  readonly aliasBindings: AliasBinding[] = [];
  readonly failedTraces = NO_TRACES;
  readonly #logs: LogBatch;
  readonly #pairs = new Set<string>();

  constructor(logs: LogBatch, namingOf: (id: number) => Naming, observedAt: UnixNano) {
    this.#logs = logs;
    for (let row = 0; row < logs.length; row += 1) this.#bind(row, namingOf, observedAt);
  }

  #bind(row: number, namingOf: (id: number) => Naming, observedAt: UnixNano): void {
    const logs = this.#logs;
    const from = SpanBatch.startOf(logs.attributeEnds, row);
    const named = readNamings(logs.attributes, from, logs.attributeEnds.at(row), namingOf);
    const { orderId } = named;
    const alias = orderId === undefined ? named.alias : undefined;
    this.orderIds.push(orderId ?? '');
    this.aliases.push(alias);
    if (orderId === undefined && alias === undefined) return;
    this.#recordTrace(row, orderId ?? '', alias);
    if (orderId === undefined) return;
    const boundAt = timeOf(logs, row) ?? observedAt;
    for (const bound of named.aliases ?? []) this.aliasBindings.push({ orderId, alias: bound, boundAt });
  }

  #recordTrace(row: number, orderId: string, alias: Alias | undefined): void {
    const traceId = this.#logs.traceIds.bytes.slice(row * 16, row * 16 + 16);
    if (traceId.every((byte) => byte === 0)) return;
    const trace = Buffer.from(traceId).toString('latin1');
    const pair = `${orderId}\n${alias === undefined ? '' : aliasText(alias)}\n${trace}`;
    if (this.#pairs.has(pair)) return;
    this.#pairs.add(pair);
    this.orderTraces.push({ orderId, alias, traceId });
  }
}

/** When a record happened by the sender's clock; undefined where it did not say. */
function timeOf(logs: LogBatch, row: number): UnixNano | undefined {
  for (const column of [logs.times, logs.observedTimes]) {
    const time = (BigInt(column.at(row * 2 + 1)) << 32n) | BigInt(column.at(row * 2));
    if (time !== 0n) return time;
  }
  return undefined;
}
