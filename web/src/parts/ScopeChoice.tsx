import { CloseButton, SegmentedControl, Select, TextInput } from '@mantine/core';
import { IconHistory } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { attributesQuery } from '../data/queries.ts';
import { type Scope, WINDOWS, type Window } from '../data/scope.ts';
import { localInput } from '../format/time.ts';
import styles from './scope-choice.module.css';

interface ScopeChoiceProps {
  readonly scope: Scope;
  readonly change: (scope: Scope) => void;
  /** Whether durations can be told in working time: the lifecycle has a calendar. */
  readonly hasCalendar: boolean;
}

/** Chooses among the orders by what describes them; not there while nothing does. */
function AttributeChoice({ scope, change }: Omit<ScopeChoiceProps, 'hasCalendar'>) {
  const { t } = useTranslation();
  const { data } = useQuery(attributesQuery);
  const groups = (data?.attributes ?? []).map(({ name, values }) => ({
    group: name,
    items: values.map(({ value }) => ({
      value: `${name}=${value}`,
      label: value === '' ? t('scope.emptyValue') : value,
    })),
  }));
  const { by } = scope;
  const isListed = groups.some(({ items }) => items.some(({ value }) => value === by));
  if (groups.length === 0 && by === undefined) return null;
  return (
    <Select
      size="xs"
      className={styles['attribute'] ?? ''}
      aria-label={t('scope.orders')}
      placeholder={t('scope.allOrders')}
      data={
        by === undefined || isListed
          ? groups
          : [...groups, { group: t('scope.orders'), items: [{ value: by, label: by }] }]
      }
      value={by ?? null}
      onChange={(next) => change({ ...scope, by: next ?? undefined })}
      clearable
      searchable
      comboboxProps={{ width: 'max-content' }}
      data-testid="scope-attribute"
    />
  );
}

/** Goes back in time: what was known then. */
function TimeChoice({ scope, change }: Omit<ScopeChoiceProps, 'hasCalendar'>) {
  const { t } = useTranslation();
  return (
    <TextInput
      size="xs"
      type="datetime-local"
      className={styles['at'] ?? ''}
      leftSection={<IconHistory size={14} stroke={1.7} />}
      aria-label={t('scope.at')}
      title={t('scope.atHint')}
      value={scope.at === undefined ? '' : localInput(scope.at)}
      onChange={(event) => {
        const at = new Date(event.currentTarget.value);
        change({ ...scope, at: Number.isNaN(at.getTime()) ? undefined : at.toISOString() });
      }}
      rightSection={
        scope.at === undefined ? null : (
          <CloseButton size="xs" aria-label={t('scope.now')} onClick={() => change({ ...scope, at: undefined })} />
        )
      }
      data-testid="scope-at"
    />
  );
}

/** What the figures of a page are about: the window of time, the orders, the day as of which, and which clock. */
export function ScopeChoice({ scope, change, hasCalendar }: ScopeChoiceProps) {
  const { t } = useTranslation();
  return (
    <div className={styles['scope']}>
      <AttributeChoice scope={scope} change={change} />
      {hasCalendar || scope.time !== undefined ? (
        <SegmentedControl
          size="xs"
          aria-label={t('scope.time')}
          value={scope.time ?? 'wall'}
          data={[
            { value: 'wall', label: t('scope.wall') },
            { value: 'working', label: t('scope.working') },
          ]}
          onChange={(next) => change({ ...scope, time: next === 'working' ? next : undefined })}
        />
      ) : null}
      <SegmentedControl
        size="xs"
        aria-label={t('map.window')}
        value={scope.window ?? 'all'}
        data={Object.keys(WINDOWS).map((key) => ({ value: key, label: t(`map.windows.${key as Window}`) }))}
        onChange={(next) => change({ ...scope, window: next === 'all' ? undefined : (next as Window) })}
      />
      <TimeChoice scope={scope} change={change} />
    </div>
  );
}
