import { encodeCsv } from './csv-writer.ts';
import { encodeJsonLines } from './json-lines.ts';
import { encodeOcelJson } from './ocel-writer.ts';
import { type ExportedOrder, ORDER_CASE_ATTRIBUTES, ORDER_EVENT_ATTRIBUTES, orderCases } from './order-case.ts';
import { encodeXes } from './xes-writer.ts';

/** Formats of an export that are text; OCEL 2.0 SQLite is a file of its own (`writeOcelSqlite`). */
export type TextExportFormat = 'csv' | 'xes' | 'ocel-json' | 'jsonl';

/**
 * Writes orders as text, piece by piece (UTF-8 when sent).
 *
 * `orderAttributes` names the attributes of orders that become columns of CSV; the other formats take any.
 */
export function encodeOrders(
  format: TextExportFormat,
  orders: AsyncIterable<ExportedOrder>,
  { orderAttributes = [] }: { orderAttributes?: readonly string[] } = {},
): AsyncGenerator<string> {
  if (format === 'csv') {
    return encodeCsv(orderCases(orders), {
      attributes: ORDER_EVENT_ATTRIBUTES,
      caseAttributes: [...ORDER_CASE_ATTRIBUTES, ...orderAttributes],
    });
  }
  if (format === 'xes') return encodeXes(orderCases(orders));
  return format === 'jsonl' ? encodeJsonLines(orders) : encodeOcelJson(orders);
}
