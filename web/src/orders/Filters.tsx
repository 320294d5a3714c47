import { CloseButton, SegmentedControl, Select, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconFilter } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { OrderFilters } from '../data/queries.ts';
import { ClearFilters } from '../parts/Controls.tsx';
import { useLifecycleView } from '../parts/lifecycle-view.ts';
import styles from './orders.module.css';

interface FiltersProps {
  readonly filters: OrderFilters;
  readonly change: (filters: OrderFilters) => void;
}

type Flag = 'true' | 'false' | undefined;
const asFlag = (value: string): Flag => (value === 'true' || value === 'false' ? value : undefined);

/** Text is sent when typing pauses this long; unit ms. */
const PAUSE_MS = 250;

function TextFilter({ filters, change }: FiltersProps) {
  const { t } = useTranslation();
  const [text, setText] = useState(filters.text ?? '');
  const send = useDebouncedCallback((value: string) => {
    change({ ...filters, text: value === '' ? undefined : value, cursor: undefined });
  }, PAUSE_MS);
  const [known, setKnown] = useState(filters.text);
  if (filters.text !== known) {
    setKnown(filters.text);
    setText(filters.text ?? '');
  }
  const set = (value: string): void => {
    setText(value);
    send(value);
  };
  return (
    <TextInput
      size="xs"
      className={styles['text'] ?? ''}
      aria-label={t('orders.text')}
      placeholder={t('orders.text')}
      maxLength={256}
      value={text}
      onChange={(event) => set(event.currentTarget.value)}
      leftSection={<IconFilter size={14} stroke={1.7} />}
      rightSection={
        text === '' ? null : <CloseButton size="xs" aria-label={t('orders.reset')} onClick={() => set('')} />
      }
    />
  );
}

/** The filters of the list of orders. */
export function Filters({ filters, change }: FiltersProps) {
  const { t } = useTranslation();
  const view = useLifecycleView();
  const statuses = view.lifecycle?.statuses.map(({ id }) => ({ value: id, label: view.status(id) })) ?? [];
  const chosen = filters.status;
  const known = chosen === undefined || statuses.some(({ value }) => value === chosen);
  const set = (part: OrderFilters): void => change({ ...filters, ...part, cursor: undefined });
  const any = Object.values(filters).some((value) => value !== undefined);
  return (
    <div className={styles['filters']}>
      <TextFilter filters={filters} change={change} />
      <Select
        size="xs"
        className={styles['status'] ?? ''}
        aria-label={t('orders.status')}
        placeholder={t('orders.anyStatus')}
        data={known ? statuses : [...statuses, { value: chosen, label: chosen }]}
        value={chosen ?? null}
        onChange={(value) => set({ status: value ?? undefined })}
        clearable
        searchable
        comboboxProps={{ width: 'max-content' }}
      />
      <SegmentedControl
        size="xs"
        aria-label={t('orders.state')}
        value={filters.open ?? 'all'}
        data={[
          { value: 'all', label: t('orders.all') },
          { value: 'true', label: t('orders.open') },
          { value: 'false', label: t('orders.closed') },
        ]}
        onChange={(value) => set({ open: asFlag(value) })}
      />
      <SegmentedControl
        size="xs"
        aria-label={t('orders.deviation')}
        value={filters.deviating ?? 'all'}
        data={[
          { value: 'all', label: t('orders.anyWay') },
          { value: 'true', label: t('orders.deviating') },
          { value: 'false', label: t('orders.fitting') },
        ]}
        onChange={(value) => set({ deviating: asFlag(value) })}
      />
      {any ? <ClearFilters clear={() => change({})} /> : null}
    </div>
  );
}
