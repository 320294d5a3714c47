import { Pill, SegmentedControl, Select, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconFilter } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { severity } from '../../../src/api/contract/index.ts';
import { FAILURE_WINDOWS, type FailureWindow } from '../data/queries.ts';
import type { LogFilters as Filters } from '../data/signal-queries.ts';
import { ClearFilters } from '../parts/Controls.tsx';
import styles from './logs.module.css';

/** Text is sent when typing pauses this long; unit ms. */
const PAUSE_MS = 250;

interface FiltersProps {
  readonly filters: Filters;
  readonly change: (filters: Filters) => void;
}

/** A field that is sent when typing pauses, and follows the address. */
function Typed({
  label,
  value,
  send,
  icon,
}: {
  readonly label: string;
  readonly value: string | undefined;
  readonly send: (value: string | undefined) => void;
  readonly icon?: ReactNode;
}) {
  const [text, setText] = useState(value ?? '');
  const [known, setKnown] = useState(value);
  const sendLater = useDebouncedCallback((typed: string) => send(typed === '' ? undefined : typed), PAUSE_MS);
  if (value !== known) {
    setKnown(value);
    setText(value ?? '');
  }
  return (
    <TextInput
      size="xs"
      aria-label={label}
      placeholder={label}
      maxLength={256}
      value={text}
      leftSection={icon}
      onChange={(event) => {
        setText(event.currentTarget.value);
        sendLater(event.currentTarget.value);
      }}
    />
  );
}

/** What log records are narrowed to; what a link narrowed them to shows as a pill. */
export function LogFilters({ filters, change }: FiltersProps) {
  const { t } = useTranslation();
  const { orderId, traceId } = filters;
  const any = Object.values(filters).some((value) => value !== undefined);
  return (
    <div className="wb-filters">
      <Typed
        label={t('logs.text')}
        value={filters.text}
        send={(text) => change({ ...filters, text })}
        icon={<IconFilter size={14} stroke={1.7} />}
      />
      <Typed label={t('span.service')} value={filters.service} send={(service) => change({ ...filters, service })} />
      <Select
        size="xs"
        clearable
        className={styles['choice'] ?? ''}
        aria-label={t('logs.severity')}
        placeholder={t('logs.anySeverity')}
        data={severity.options.map((value) => ({ value, label: t(`logs.atLeast.${value}`) }))}
        value={filters.severity ?? null}
        onChange={(value) => change({ ...filters, severity: severity.safeParse(value).data })}
      />
      <SegmentedControl
        size="xs"
        aria-label={t('failures.since')}
        value={filters.since ?? 'all'}
        data={[
          ...Object.keys(FAILURE_WINDOWS).map((key) => ({
            value: key,
            label: t(`failures.windows.${key as FailureWindow}`),
          })),
          { value: 'all', label: t('logs.allTime') },
        ]}
        onChange={(value) =>
          change({ ...filters, since: Object.hasOwn(FAILURE_WINDOWS, value) ? (value as FailureWindow) : undefined })
        }
      />
      {orderId === undefined ? null : (
        <Pill withRemoveButton onRemove={() => change({ ...filters, orderId: undefined })}>
          {t('span.order')}: {orderId}
        </Pill>
      )}
      {traceId === undefined ? null : (
        <Pill withRemoveButton onRemove={() => change({ ...filters, traceId: undefined })}>
          {t('trace.trace')}: {traceId.slice(0, 8)}…
        </Pill>
      )}
      {any ? <ClearFilters clear={() => change({})} /> : null}
    </div>
  );
}
