import { Select, Table } from '@mantine/core';
import { useQueries, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Attributes, StatusFigures } from '../../../src/api/contract/index.ts';
import { attributesQuery, statusesQuery } from '../data/queries.ts';
import type { Scope } from '../data/scope.ts';
import { formatCount } from '../format/number.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { formatEstimate, formatInterval } from '../map/estimate.ts';
import { statusRow } from '../map/rows.ts';
import { DataTable } from '../parts/DataTable.tsx';
import { Panel } from '../parts/Panel.tsx';
import { Duration } from '../parts/Times.tsx';
import styles from './status.module.css';

/** Values that are compared; each is a question of its own. */
const MAX_COMPARED = 8;

function Row({ value, figures }: { readonly value: string; readonly figures: StatusFigures | undefined }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const row = figures === undefined ? undefined : statusRow(figures, null);
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={600}>
        {value === '' ? t('scope.emptyValue') : value}
      </Table.Th>
      <Table.Td ta="right" fw={600}>
        {row === undefined ? '…' : formatEstimate(row.p95, language)}
      </Table.Td>
      <Table.Td ta="right">{row === undefined ? '…' : formatInterval(row.p95, language)}</Table.Td>
      <Table.Td ta="right">
        <Duration ms={figures?.estimated.meanMs ?? null} />
      </Table.Td>
      <Table.Td ta="right">{figures === undefined ? '…' : formatCount(figures.completed.count, language)}</Table.Td>
      <Table.Td ta="right">{figures === undefined ? '…' : formatCount(figures.open.count, language)}</Table.Td>
    </Table.Tr>
  );
}

function Compared({
  status,
  scope,
  attribute,
}: {
  readonly status: string;
  readonly scope: Scope;
  readonly attribute: Attributes['attributes'][number];
}) {
  const { t } = useTranslation();
  const values = attribute.values.slice(0, MAX_COMPARED).map(({ value }) => value);
  const answers = useQueries({
    queries: values.map((value) => ({
      ...statusesQuery({ ...scope, by: `${attribute.name}=${value}` }),
      refetchInterval: false as const,
    })),
  });
  const more = attribute.values.length + attribute.valuesLeftOut - values.length;
  const right = { align: 'right' } as const;
  const columns = [
    { key: 'value', name: t('status.by.value') },
    { key: 'p95', name: t('map.columns.p95'), hint: t('status.estimatedHint'), ...right },
    { key: 'interval', name: t('map.columns.interval'), ...right },
    { key: 'mean', name: t('map.columns.mean'), ...right },
    { key: 'exits', name: t('map.columns.exits'), ...right },
    { key: 'now', name: t('map.columns.now'), ...right },
  ];
  return (
    <>
      <DataTable columns={columns} minWidth={560} testId="status-by-table">
        {values.map((value, index) => (
          <Row
            key={value}
            value={value}
            figures={answers[index]?.data?.statuses.find((each) => each.status === status)}
          />
        ))}
      </DataTable>
      {more > 0 ? <p className={styles['compared']}>{t('status.by.more', { count: more })}</p> : null}
    </>
  );
}

/** The status side by side for the values of what describes orders: channels, products, versions. */
export function ByAttribute({ status, scope }: { readonly status: string; readonly scope: Scope }) {
  const { t } = useTranslation();
  const { data } = useQuery(attributesQuery);
  const [chosen, setChosen] = useState<string | null>(null);
  const attributes = data?.attributes ?? [];
  const attribute = attributes.find(({ name }) => name === chosen) ?? attributes[0];
  if (attribute === undefined) return null;
  const choice = (
    <Select
      size="xs"
      aria-label={t('status.by.choose')}
      data={attributes.map(({ name }) => name)}
      value={attribute.name}
      onChange={setChosen}
      allowDeselect={false}
      comboboxProps={{ width: 'max-content' }}
    />
  );
  return (
    <Panel flush title={t('status.by.title')} aside={choice} testId="status-by">
      <Compared status={status} scope={scope} attribute={attribute} />
    </Panel>
  );
}
