import { Table } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { DeadLetter, OrderMessages } from '../../../src/api/contract/index.ts';
import { deadLettersQuery, orderMessagesQuery } from '../data/queries.ts';
import { DataTable } from '../parts/DataTable.tsx';
import { Panel } from '../parts/Panel.tsx';
import { hasSeveralBrokers, placeNote } from '../parts/queue-place.ts';
import { Duration, Instant } from '../parts/Times.tsx';
import styles from './order.module.css';

type Message = OrderMessages['messages'][number];

/**
 * The waiting dead letter that the message became; undefined where there is none, or another message of the same trace
 * could be it as well.
 */
function deadLetterOf(
  message: Message,
  all: readonly Message[],
  letters: readonly DeadLetter[],
): DeadLetter | undefined {
  return letters.find((letter) => {
    const isIt = ({ broker, vhost, queue, messageId, traceId, routingKey }: Message): boolean =>
      queue === letter.originQueue &&
      broker === letter.broker &&
      vhost === letter.vhost &&
      // A message without a trace has one that was made for it, which its dead letter does not know.
      (messageId === null ? traceId === letter.traceId : messageId === letter.messageId) &&
      letter.routingKeys.includes(routingKey);
    return letter.resolution === null && isIt(message) && all.filter(isIt).length === 1;
  });
}

/** What became of the message, in words. */
function useFate(message: Message, dead: DeadLetter | undefined): string {
  const { t } = useTranslation();
  if (dead !== undefined) return t('messages.dead', { reason: t(`deadLetters.reasons.${dead.reason}`) });
  if (message.directReply) return t('messages.directReply');
  if (message.queue === null) return t('messages.unroutable');
  if (message.deliveredAt === null) return t('messages.waiting');
  return message.redelivered ? t('messages.redelivered', { count: message.deliveries }) : t('messages.delivered');
}

interface RowProps {
  readonly message: Message;
  readonly dead: DeadLetter | undefined;
  readonly severalBrokers: boolean;
  readonly withId: boolean;
}

function Row({ message, dead, severalBrokers, withId }: RowProps) {
  const { t } = useTranslation();
  const fate = useFate(message, dead);
  const { publishedAt, deliveredAt, traceId } = message;
  const isLost = dead !== undefined || (message.queue === null && !message.directReply);
  return (
    <Table.Tr>
      <Table.Td>
        {publishedAt === null ? <span className="wb-dim">{t('messages.unseen')}</span> : <Instant at={publishedAt} />}
      </Table.Td>
      <Table.Td className="wb-mono">
        {message.queue ?? <span title={t('queues.columns.routingKey')}>— {message.routingKey}</span>}{' '}
        <span className="wb-place">{placeNote(message, severalBrokers)}</span>
      </Table.Td>
      <Table.Td>
        {message.publisher ?? '—'} → {message.consumer ?? '—'}
      </Table.Td>
      <Table.Td ta="right" title={message.suppressed ? t('messages.suppressed') : undefined}>
        {message.suppressed ? (
          <span className="wb-dim">{t('messages.unknownDelay')}</span>
        ) : (
          <Duration ms={message.delayMs} />
        )}
      </Table.Td>
      <Table.Td className={isLost ? (styles['bad'] ?? '') : ''}>{fate}</Table.Td>
      {withId ? (
        <Table.Td className="wb-mono wb-cut" maw={200} title={message.messageId ?? undefined}>
          {message.messageId ?? <span className="wb-dim">—</span>}
        </Table.Td>
      ) : null}
      <Table.Td>
        {traceId === null || (publishedAt === null && deliveredAt === null) ? (
          <span className="wb-dim">—</span>
        ) : (
          <Link to="/traces/$traceId" params={{ traceId }} className="wb-link wb-mono">
            {traceId.slice(0, 8)}
          </Link>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

/** The messages that the broker moved for the order; not there while none was seen. */
export function MessagesTable({ orderId }: { readonly orderId: string }) {
  const { t } = useTranslation();
  const { data } = useQuery(orderMessagesQuery(orderId));
  const letters = useInfiniteQuery(deadLettersQuery({ order: orderId })).data?.pages.flatMap(
    (page) => page.deadLetters,
  );
  if (data === undefined || data.messages.length === 0) return null;
  const severalBrokers = hasSeveralBrokers(data.messages);
  const withId = data.messages.some(({ messageId }) => messageId !== null);
  const columns = [
    { key: 'published', name: t('messages.columns.published') },
    { key: 'queue', name: t('messages.columns.queue') },
    { key: 'between', name: t('messages.columns.between') },
    { key: 'delay', name: t('messages.columns.delay'), align: 'right' as const },
    { key: 'fate', name: t('messages.columns.fate') },
    ...(withId ? [{ key: 'id', name: t('messages.columns.messageId') }] : []),
    { key: 'trace', name: t('messages.columns.trace') },
  ];
  return (
    <Panel
      flush
      title={t('messages.title')}
      aside={data.truncated ? <span className="wb-dim">{t('messages.truncated')}</span> : undefined}
      testId="order-messages"
    >
      <DataTable columns={columns} minWidth={760}>
        {data.messages.map((message, index) => (
          // Two messages can agree in everything that is told of them; their order is that of the answer.
          <Row
            key={`${message.publishedAt ?? message.deliveredAt ?? ''} ${index}`}
            message={message}
            dead={deadLetterOf(message, data.messages, letters ?? [])}
            severalBrokers={severalBrokers}
            withId={withId}
          />
        ))}
      </DataTable>
    </Panel>
  );
}
