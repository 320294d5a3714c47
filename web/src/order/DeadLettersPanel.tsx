import { useInfiniteQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { deadLettersQuery } from '../data/queries.ts';
import { DeadLettersTable } from '../dead-letters/DeadLettersTable.tsx';
import { Panel } from '../parts/Panel.tsx';
import { hasSeveralBrokers } from '../parts/queue-place.ts';

/** The dead letters of the order; not there while it has none. */
export function DeadLettersPanel({ orderId }: { readonly orderId: string }) {
  const { t } = useTranslation();
  const { data } = useInfiniteQuery(deadLettersQuery({ order: orderId }));
  const letters = data?.pages.flatMap((page) => page.deadLetters) ?? [];
  if (letters.length === 0) return null;
  return (
    <Panel flush title={t('deadLetters.title')} testId="order-dead-letters">
      <DeadLettersTable
        letters={letters}
        withOrder={false}
        severalBrokers={hasSeveralBrokers(data?.pages[0]?.queues ?? [])}
      />
    </Panel>
  );
}
