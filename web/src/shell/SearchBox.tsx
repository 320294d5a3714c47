import { Loader } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { Spotlight, spotlight } from '@mantine/spotlight';
import { IconBinaryTree2, IconSearch, IconStack2 } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { SearchResults } from '../../../src/api/contract/index.ts';
import { searchQuery } from '../data/queries.ts';
import { useLifecycleView } from '../parts/lifecycle-view.ts';
import styles from './shell.module.css';

type Result = SearchResults['results'][number];

function OrderResult({ result }: { readonly result: Extract<Result, { kind: 'order' }> }) {
  const { t } = useTranslation();
  const view = useLifecycleView();
  return (
    <div className={styles['resultMain']}>
      <div className="wb-mono wb-cut">{result.orderId}</div>
      <div className={styles['resultNote']}>
        {result.status === null ? t('search.noStatus') : view.status(result.status)}
        {result.matchedBy === 'id'
          ? null
          : ` · ${t(`search.${result.matchedBy === 'alias' ? 'matchedAlias' : 'matchedMessage'}`, { value: result.matched })}`}
      </div>
    </div>
  );
}

function TraceResult({ result }: { readonly result: Extract<Result, { kind: 'trace' }> }) {
  return (
    <div className={styles['resultMain']}>
      <div className="wb-mono wb-cut">{result.traceId}</div>
      <div className={styles['resultNote']}>
        {result.rootService} · {result.rootName}
      </div>
    </div>
  );
}

function useResults(query: string) {
  const [text] = useDebouncedValue(query.trim().slice(0, 256), 150);
  const { data, error, isFetching, isPlaceholderData } = useQuery(searchQuery(text));
  return {
    results: text === '' ? [] : (data?.results ?? []),
    /** The results belong to what was typed before. */
    stale: isPlaceholderData || query.trim().slice(0, 256) !== text,
    error: text === '' ? null : error,
    busy: isFetching,
    text,
  };
}

function Empty({ text, error, busy }: { readonly text: string; readonly error: Error | null; readonly busy: boolean }) {
  const { t } = useTranslation();
  if (text === '') return <Spotlight.Empty>{t('search.hint')}</Spotlight.Empty>;
  if (error !== null)
    return <Spotlight.Empty role="alert">{t('search.failed', { message: error.message })}</Spotlight.Empty>;
  if (busy) return <Spotlight.Empty>{t('app.loading')}</Spotlight.Empty>;
  return (
    <Spotlight.Empty>
      {t('search.nothing')}
      <br />
      <small>{t('search.nothingHint')}</small>
    </Spotlight.Empty>
  );
}

/**
 * Gives a handler of keys for the search: Enter before the answer is there waits for it, then opens the first result,
 * and never what belongs to an earlier text.
 */
function useEnter(results: readonly Result[], stale: boolean, open: (result: Result) => void) {
  const waiting = useRef(false);
  useEffect(() => {
    const [first] = results;
    if (stale || first === undefined || !waiting.current) return;
    waiting.current = false;
    open(first);
    spotlight.close();
  });
  return (event: KeyboardEvent): void => {
    waiting.current = event.key === 'Enter' && stale;
  };
}

/** The one search of every page: order id, alias, trace id or message id; opens with `/` or Ctrl/⌘ K. */
export function SearchBox() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [query, setQuery] = useState('');
  const { results, stale, error, busy, text } = useResults(query);
  const open = (result: Result): void => {
    if (result.kind === 'order') void navigate({ to: '/orders/$orderId', params: { orderId: result.orderId } });
    else void navigate({ to: '/traces/$traceId', params: { traceId: result.traceId } });
  };
  const enter = useEnter(results, stale, open);
  return (
    <Spotlight.Root
      query={query}
      onQueryChange={setQuery}
      shortcut={['mod + K']}
      transitionProps={{ duration: 80 }}
      scrollable
      maxHeight={440}
    >
      <Spotlight.Search
        placeholder={t('search.placeholder')}
        aria-label={t('search.open')}
        onKeyDown={enter}
        leftSection={busy && text !== '' ? <Loader size={16} /> : <IconSearch size={17} stroke={1.7} />}
      />
      <Spotlight.ActionsList>
        {results.length === 0 ? <Empty text={text} error={error} busy={busy} /> : null}
        {results.map((result, index) => (
          <Spotlight.Action
            key={result.kind === 'order' ? `o:${result.orderId}` : `t:${result.traceId}`}
            disabled={stale}
            // The library selects the first one when somebody types; the answer comes after that.
            data-selected={index === 0 || undefined}
            onClick={() => open(result)}
            className={styles['result'] ?? ''}
          >
            {result.kind === 'order' ? (
              <IconStack2 size={17} stroke={1.6} />
            ) : (
              <IconBinaryTree2 size={17} stroke={1.6} />
            )}
            {result.kind === 'order' ? <OrderResult result={result} /> : <TraceResult result={result} />}
          </Spotlight.Action>
        ))}
      </Spotlight.ActionsList>
    </Spotlight.Root>
  );
}
