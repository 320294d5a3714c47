import { Button, SegmentedControl, Select, Skeleton, TextInput } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { DeadLetters } from '../../../src/api/contract/index.ts';
import { DEATH_REASONS, type DeadLetterFilters, deadLettersQuery } from '../data/queries.ts';
import { formatCount } from '../format/number.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { PageHead } from '../parts/PageHead.tsx';
import { Panel } from '../parts/Panel.tsx';
import { hasSeveralBrokers } from '../parts/queue-place.ts';
import { EmptyState, QueryError } from '../parts/States.tsx';
import { DeadLetterQueues } from './DeadLetterQueues.tsx';
import { DeadLettersTable } from './DeadLettersTable.tsx';
import styles from './dead-letters.module.css';

const route = getRouteApi('/dead-letters');

interface FiltersProps {
  readonly filters: DeadLetterFilters;
  readonly first: DeadLetters | undefined;
}

/** Takes a message id when it is typed whole: every letter of it would be another question. */
function MessageId({
  initial,
  onChange,
}: {
  readonly initial: string;
  readonly onChange: (messageId: string | undefined) => void;
}) {
  const { t } = useTranslation();
  const [text, setText] = useState(initial);
  const submit = (): void => {
    if (text.trim() !== initial) onChange(text.trim() === '' ? undefined : text.trim());
  };
  return (
    <TextInput
      size="xs"
      aria-label={t('deadLetters.messageId')}
      placeholder={t('deadLetters.messageId')}
      value={text}
      maxLength={255}
      onChange={(event) => setText(event.currentTarget.value)}
      onBlur={submit}
      onKeyDown={(event) => {
        if (event.key === 'Enter') submit();
      }}
    />
  );
}

interface BrokerSelectProps {
  readonly brokers: readonly string[];
  readonly chosen: string | undefined;
  readonly onChange: (broker: string | undefined) => void;
}

/** Not there where there is one broker only. */
function BrokerSelect({ brokers, chosen, onChange }: BrokerSelectProps) {
  const { t } = useTranslation();
  if (brokers.length < 2 && chosen === undefined) return null;
  return (
    <Select
      size="xs"
      aria-label={t('deadLetters.broker')}
      placeholder={t('deadLetters.anyBroker')}
      data={chosen === undefined || brokers.includes(chosen) ? [...brokers] : [...brokers, chosen]}
      value={chosen ?? null}
      onChange={(next) => onChange(next ?? undefined)}
      clearable
    />
  );
}

function Filters({ filters, first }: FiltersProps) {
  const { t } = useTranslation();
  const language = useLanguage();
  const navigate = route.useNavigate();
  const change = (next: DeadLetterFilters): void => void navigate({ search: next, replace: true });
  const counts = new Map(first?.byReason.map(({ reason, count }) => [reason, count]));
  const queues = [...new Set(first?.queues.map(({ queue }) => queue))];
  const brokers = [...new Set(first?.queues.map(({ broker }) => broker))];
  const isNarrowed = Object.values(filters).some((value) => value !== undefined);
  return (
    <div className="wb-filters">
      <SegmentedControl
        size="xs"
        aria-label={t('messages.columns.fate')}
        value={filters.resolved ?? 'all'}
        data={[
          { value: 'all', label: t('deadLetters.all') },
          { value: 'false', label: t('deadLetters.unresolved') },
          { value: 'true', label: t('deadLetters.resolved') },
        ]}
        onChange={(next) => change({ ...filters, resolved: next === 'true' || next === 'false' ? next : undefined })}
      />
      <Select
        size="xs"
        aria-label={t('deadLetters.columns.reason')}
        placeholder={t('deadLetters.anyReason')}
        data={DEATH_REASONS.map((reason) => ({
          value: reason,
          label: `${t(`deadLetters.reasons.${reason}`)} (${formatCount(counts.get(reason) ?? 0, language)})`,
        }))}
        value={filters.reason ?? null}
        onChange={(next) => change({ ...filters, reason: DEATH_REASONS.find((reason) => reason === next) })}
        clearable
      />
      <Select
        size="xs"
        aria-label={t('queues.columns.queue')}
        placeholder={t('deadLetters.anyQueue')}
        data={filters.queue === undefined || queues.includes(filters.queue) ? queues : [...queues, filters.queue]}
        value={filters.queue ?? null}
        onChange={(next) => change({ ...filters, queue: next ?? undefined })}
        clearable
        searchable
        comboboxProps={{ width: 'max-content' }}
      />
      <BrokerSelect brokers={brokers} chosen={filters.broker} onChange={(broker) => change({ ...filters, broker })} />
      <MessageId
        key={filters.messageId ?? ''}
        initial={filters.messageId ?? ''}
        onChange={(messageId) => change({ ...filters, messageId })}
      />
      {isNarrowed ? (
        <Button variant="subtle" size="compact-xs" onClick={() => change({})}>
          {t('orders.reset')}
        </Button>
      ) : null}
    </div>
  );
}

/** Messages that the broker moved aside: why, whose they are, and whether somebody took care of them. */
export function DeadLettersPage() {
  const { t } = useTranslation();
  const filters = route.useSearch();
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetchingNextPage, isPlaceholderData } = useInfiniteQuery(
    deadLettersQuery(filters),
  );
  const first = data?.pages[0];
  const letters = data?.pages.flatMap((page) => page.deadLetters) ?? [];
  const isNarrowed = Object.values(filters).some((value) => value !== undefined);
  return (
    <div className="wb-page">
      <PageHead title={t('deadLetters.title')} note={t('deadLetters.note')} />
      <Filters filters={filters} first={first} />
      {first === undefined ? (
        error === null ? (
          <Skeleton height={360} />
        ) : (
          <QueryError error={error} retry={() => void refetch()} />
        )
      ) : (
        <>
          <Panel
            flush
            title={t('deadLetters.letters')}
            aside={<span className="wb-dim">{t('deadLetters.total', { count: first.total })}</span>}
          >
            {letters.length === 0 ? (
              <EmptyState
                title={t(isNarrowed ? 'deadLetters.nothing' : 'deadLetters.empty')}
                hint={t(isNarrowed ? 'deadLetters.nothingHint' : 'deadLetters.emptyHint')}
              />
            ) : (
              <DeadLettersTable
                letters={letters}
                stale={isPlaceholderData}
                replayPlaces={first.replay.places}
                severalBrokers={hasSeveralBrokers(first.queues)}
              />
            )}
            {hasNextPage ? (
              <div className={styles['more']}>
                <Button variant="default" size="xs" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
                  {t('orders.more')}
                </Button>
              </div>
            ) : null}
          </Panel>
          <DeadLetterQueues queues={first.queues} lost={first.lost} />
        </>
      )}
    </div>
  );
}
