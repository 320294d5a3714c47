import type { NativeColumn } from '../../wire/native/column.ts';
import { planRows, type RowColumns } from '../../wire/native/row-columns.ts';
import type { TableBlock } from './record.ts';

/** Encodes rows as one block of a table; undefined when there are none. */
export function encodeRows<Row>(
  table: string,
  rows: readonly Row[],
  columnsOf: (rows: RowColumns<Row>) => NativeColumn[],
): TableBlock | undefined {
  return rows.length === 0 ? undefined : { table, rows: rows.length, block: planRows(rows, columnsOf) };
}
