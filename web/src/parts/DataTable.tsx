import { Table } from '@mantine/core';
import type { ReactNode } from 'react';
import styles from './parts.module.css';

/** The head of a column. */
export interface Column {
  readonly key: string;
  readonly name: string;
  readonly align?: 'right' | undefined;
  /** Shows on hover. */
  readonly hint?: string | undefined;
}

interface DataTableProps {
  readonly columns: readonly Column[];
  /** The table scrolls sideways below this; unit px. */
  readonly minWidth: number;
  readonly children: ReactNode;
  /** Dims rows that belong to the question before. */
  readonly stale?: boolean;
  readonly testId?: string;
}

/** A dense table; its rows are `Table.Tr` of Mantine. */
export function DataTable({ columns, minWidth, children, stale = false, testId }: DataTableProps) {
  return (
    <Table.ScrollContainer minWidth={minWidth}>
      <Table
        verticalSpacing={5}
        horizontalSpacing={14}
        highlightOnHover
        className={styles['table'] ?? ''}
        data-stale={stale}
        data-testid={testId}
      >
        <Table.Thead>
          <Table.Tr>
            {columns.map(({ key, name, align, hint }) => (
              <Table.Th key={key} title={hint} {...(align === undefined ? {} : { ta: align })}>
                {name}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>{children}</Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
