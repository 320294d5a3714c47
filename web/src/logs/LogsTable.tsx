import { Table, UnstyledButton } from '@mantine/core';
import { IconChevronRight } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { LogRecord } from '../../../src/api/contract/index.ts';
import { type Column, DataTable } from '../parts/DataTable.tsx';
import { ServiceName } from '../parts/ServiceName.tsx';
import { Instant } from '../parts/Times.tsx';
import styles from './logs.module.css';
import { SeverityMark } from './SeverityMark.tsx';

interface LogsTableProps {
  readonly logs: readonly LogRecord[];
  /** The page that the table stands on: what it says by itself has no column. */
  readonly on?: 'order' | 'trace' | undefined;
  readonly stale?: boolean;
}

function Details({ log }: { readonly log: LogRecord }) {
  const { t } = useTranslation();
  const own = log.eventName === null ? [] : [{ key: t('logs.event'), value: log.eventName }];
  const scope =
    log.scope.name === '' ? [] : [{ key: t('span.scope'), value: `${log.scope.name} ${log.scope.version}` }];
  const rows = [...own, ...log.attributes.toSorted((a, b) => a.key.localeCompare(b.key)), ...scope];
  return (
    <dl className={styles['attributes']}>
      {rows.map(({ key, value }, index) => (
        <div key={`${key}:${index}`}>
          <dt>{key}</dt>
          <dd>{value}</dd>
        </div>
      ))}
      {rows.length === 0 ? <p className="wb-dim">{t('logs.noAttributes')}</p> : null}
    </dl>
  );
}

function TraceLink({ log }: { readonly log: LogRecord }) {
  const { t } = useTranslation();
  if (log.traceId === null) return <span className="wb-dim">—</span>;
  return (
    <Link
      to="/traces/$traceId"
      params={{ traceId: log.traceId }}
      search={log.spanId === null ? {} : { span: log.spanId }}
      className="wb-link wb-mono"
      title={log.traceId}
    >
      {log.spanId === null ? log.traceId.slice(0, 8) : t('logs.span', { span: log.spanId.slice(0, 8) })}
    </Link>
  );
}

function OrderLink({ log }: { readonly log: LogRecord }) {
  if (log.orderId === null) return <span className="wb-dim">—</span>;
  return (
    <Link to="/orders/$orderId" params={{ orderId: log.orderId }} className="wb-link wb-mono">
      {log.orderId}
    </Link>
  );
}

function Row({
  log,
  on,
  width,
}: {
  readonly log: LogRecord;
  readonly on: LogsTableProps['on'];
  readonly width: number;
}) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  return (
    <>
      <Table.Tr data-testid="log">
        <Table.Td className={styles['time'] ?? ''}>
          <Instant at={log.at} />
        </Table.Td>
        <Table.Td>
          <SeverityMark log={log} />
        </Table.Td>
        <Table.Td>
          <ServiceName service={log.service} />
        </Table.Td>
        <Table.Td className={styles['bodyCell'] ?? ''}>
          <UnstyledButton
            className={styles['body'] ?? ''}
            aria-expanded={open}
            title={open ? t('logs.hide') : t('logs.show')}
            onClick={() => setOpen(!open)}
          >
            <IconChevronRight size={13} aria-hidden className={styles['chevron']} data-open={open} />
            <span className={open ? styles['whole'] : styles['line']}>
              {log.body.value === '' ? (log.eventName ?? '—') : log.body.value}
            </span>
          </UnstyledButton>
        </Table.Td>
        {on === 'order' ? null : (
          <Table.Td>
            <OrderLink log={log} />
          </Table.Td>
        )}
        <Table.Td>
          <TraceLink log={log} />
        </Table.Td>
      </Table.Tr>
      {open ? (
        <Table.Tr className={styles['more'] ?? ''}>
          <Table.Td colSpan={width}>
            <Details log={log} />
          </Table.Td>
        </Table.Tr>
      ) : null}
    </>
  );
}

/** Log records, newest first; a body opens to its whole text and attributes. */
export function LogsTable({ logs, on, stale = false }: LogsTableProps) {
  const { t } = useTranslation();
  const columns: Column[] = [
    { key: 'time', name: t('logs.time') },
    { key: 'severity', name: t('logs.severity') },
    { key: 'service', name: t('span.service') },
    { key: 'body', name: t('logs.body') },
    ...(on === 'order' ? [] : [{ key: 'order', name: t('span.order') }]),
    { key: 'trace', name: on === 'trace' ? t('logs.ofSpan') : t('trace.trace') },
  ];
  return (
    <DataTable columns={columns} minWidth={760} stale={stale} testId="logs-table">
      {logs.map((log) => (
        <Row key={`${log.at}:${log.recordId}`} log={log} on={on} width={columns.length} />
      ))}
    </DataTable>
  );
}
