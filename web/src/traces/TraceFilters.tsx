import { Checkbox, Pill, Select, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { MAX_SEARCHED_ATTRIBUTES, spanKind } from '../../../src/api/contract/index.ts';
import {
  attributesOf,
  DEFAULT_TRACE_WINDOW,
  type TraceFilters as Filters,
  operationsQuery,
  servicesQuery,
} from '../data/trace-queries.ts';
import { ClearFilters } from '../parts/Controls.tsx';
import { WindowChoice } from '../parts/WindowChoice.tsx';
import styles from './traces.module.css';

/** A duration as the API takes it. */
const DURATION = /^(\d{1,12}(\.\d{1,9})?(ns|us|µs|ms|s|m|h))+$/;
const ATTRIBUTE = /^[^=]+=/;

interface FiltersProps {
  readonly filters: Filters;
  readonly change: (filters: Filters) => void;
}

interface EnteredProps {
  readonly label: string;
  readonly value: string | undefined;
  readonly allowed: RegExp;
  /** What to write, where something else was written. */
  readonly hint: string;
  readonly width: string | undefined;
  readonly send: (value: string | undefined) => void;
}

/** A field that is sent by Enter or when it is left, once it says something that can be searched; it follows the address. */
function Entered({ label, value, allowed, hint, width, send }: EnteredProps) {
  const [text, setText] = useState(value ?? '');
  const [known, setKnown] = useState(value);
  const [wrong, setWrong] = useState(false);
  if (value !== known) {
    setKnown(value);
    setText(value ?? '');
  }
  const submit = (): void => {
    const written = text.trim();
    const isWrong = written !== '' && !allowed.test(written);
    setWrong(isWrong);
    if (!isWrong && written !== (value ?? '')) send(written === '' ? undefined : written);
  };
  return (
    <TextInput
      size="xs"
      className={width ?? ''}
      aria-label={label}
      placeholder={label}
      title={hint}
      maxLength={1024}
      value={text}
      error={wrong ? hint : undefined}
      onChange={(event) => {
        setText(event.currentTarget.value);
        setWrong(false);
      }}
      onBlur={submit}
      onKeyDown={(event) => {
        if (event.key === 'Enter') submit();
      }}
    />
  );
}

/** Options of a list that has what is chosen, also where it is not known (any more). */
function withChosen(options: readonly string[], chosen: string | undefined): string[] {
  return chosen === undefined || options.includes(chosen) ? [...options] : [chosen, ...options];
}

function Attributes({ filters, change }: FiltersProps) {
  const { t } = useTranslation();
  const chosen = attributesOf(filters);
  const set = (next: readonly string[]): void =>
    change({ ...filters, attributes: next.length === 0 ? undefined : next.join('\n') });
  return (
    <>
      {chosen.length < MAX_SEARCHED_ATTRIBUTES ? (
        <Entered
          // A new field for the next one.
          key={chosen.length}
          label={t('traces.attribute')}
          hint={t('traces.attributeHint')}
          value={undefined}
          allowed={ATTRIBUTE}
          width={styles['attribute']}
          send={(text) => {
            if (text !== undefined && !chosen.includes(text)) set([...chosen, text]);
          }}
        />
      ) : null}
      {chosen.map((text) => (
        <Pill
          key={text}
          withRemoveButton
          removeButtonProps={{
            'aria-label': t('traces.without', { attribute: text }),
            'aria-hidden': false,
            tabIndex: 0,
          }}
          onRemove={() => set(chosen.filter((each) => each !== text))}
        >
          {text}
        </Pill>
      ))}
    </>
  );
}

/** The service, and the operation, which belongs to it. */
function ServiceAndOperation({ filters, change }: FiltersProps) {
  const { t } = useTranslation();
  const { service, operation } = filters;
  const services = useQuery(servicesQuery).data?.services ?? [];
  const operations = useQuery(operationsQuery(service)).data?.operations.map(({ name }) => name) ?? [];
  return (
    <>
      <Select
        size="xs"
        searchable
        clearable
        className={styles['service'] ?? ''}
        aria-label={t('span.service')}
        placeholder={t('traces.anyService')}
        nothingFoundMessage={t('traces.noService')}
        data={withChosen(services, service)}
        value={service ?? null}
        onChange={(value) => change({ ...filters, service: value ?? undefined, operation: undefined })}
      />
      <Select
        size="xs"
        searchable
        clearable
        disabled={service === undefined}
        className={styles['operation'] ?? ''}
        aria-label={t('traces.operation')}
        placeholder={service === undefined ? t('traces.serviceFirst') : t('traces.anyOperation')}
        nothingFoundMessage={t('traces.noOperation')}
        limit={200}
        data={withChosen(operations, operation)}
        value={operation ?? null}
        onChange={(value) => change({ ...filters, operation: value ?? undefined })}
      />
    </>
  );
}

function Kind({ filters, change }: FiltersProps) {
  const { t } = useTranslation();
  return (
    <Select
      size="xs"
      clearable
      className={styles['kind'] ?? ''}
      aria-label={t('span.kind')}
      placeholder={t('traces.anyKind')}
      data={spanKind.options.map((kind) => ({ value: kind, label: t(`span.kinds.${kind}`) }))}
      value={filters.kind ?? null}
      onChange={(value) => change({ ...filters, kind: spanKind.safeParse(value).data })}
    />
  );
}

/** What traces are narrowed to: one span of each fits all of it. */
export function TraceFilters({ filters, change }: FiltersProps) {
  const { t } = useTranslation();
  const { minDuration, maxDuration, error, since = DEFAULT_TRACE_WINDOW } = filters;
  const any = Object.values(filters).some((value) => value !== undefined);
  const durations = { allowed: DURATION, hint: t('traces.durationHint'), width: styles['duration'] };
  return (
    <div className="wb-filters">
      <ServiceAndOperation filters={filters} change={change} />
      <Kind filters={filters} change={change} />
      <Entered
        {...durations}
        label={t('traces.minDuration')}
        value={minDuration}
        send={(text) => change({ ...filters, minDuration: text })}
      />
      <Entered
        {...durations}
        label={t('traces.maxDuration')}
        value={maxDuration}
        send={(text) => change({ ...filters, maxDuration: text })}
      />
      <Attributes filters={filters} change={change} />
      <Checkbox
        size="xs"
        label={t('traces.errorsOnly')}
        checked={error === 'true'}
        onChange={(event) => change({ ...filters, error: event.currentTarget.checked ? 'true' : undefined })}
      />
      <WindowChoice value={since} change={(value) => change({ ...filters, since: value })} />
      {any ? <ClearFilters clear={() => change({})} /> : null}
    </div>
  );
}
