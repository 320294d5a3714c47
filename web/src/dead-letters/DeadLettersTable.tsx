import { Table } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { DeadLetter } from '../../../src/api/contract/index.ts';
import { formatBytes, formatCount } from '../format/number.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { DataTable } from '../parts/DataTable.tsx';
import { hasSeveralBrokers, type Place, placeNote } from '../parts/queue-place.ts';
import { Instant } from '../parts/Times.tsx';
import styles from './dead-letters.module.css';
import { ReplayButton } from './ReplayButton.tsx';

/** What is written about the message itself: its headers, its deaths, how it was published. */
function Details({ letter }: { readonly letter: DeadLetter }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const facts = [
    { key: t('deadLetters.exchange'), value: letter.exchange === '' ? t('queues.defaultExchange') : letter.exchange },
    { key: t('queues.columns.routingKey'), value: letter.routingKeys.join(', ') },
    { key: t('deadLetters.messageId'), value: letter.messageId },
    { key: t('deadLetters.correlationId'), value: letter.correlationId },
    { key: t('deadLetters.body'), value: formatBytes(letter.bodyBytes, language) },
    ...letter.headers.map(({ key, value }) => ({ key, value })),
  ];
  return (
    <details className={styles['details']}>
      <summary>{t('deadLetters.details')}</summary>
      <dl>
        {facts.map(({ key, value }) =>
          value === null || value === '' ? null : (
            <div key={key}>
              <dt>{key}</dt>
              <dd className="wb-mono">{value}</dd>
            </div>
          ),
        )}
      </dl>
      <ol aria-label={t('deadLetters.deaths')}>
        {letter.deaths.map(({ queue, reason, count, firstAt }) => (
          <li key={`${queue} ${reason}`}>
            <span className="wb-mono">{queue}</span>: {t(`deadLetters.reasons.${reason}`)} ×{' '}
            {formatCount(count, language)}
            {firstAt === null ? null : (
              <>
                , <Instant at={firstAt} />
              </>
            )}
          </li>
        ))}
      </ol>
    </details>
  );
}

interface RowProps {
  readonly letter: DeadLetter;
  readonly withOrder: boolean;
  readonly withReplay: boolean;
  readonly severalBrokers: boolean;
}

function Row({ letter, withOrder, withReplay, severalBrokers }: RowProps) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { resolution } = letter;
  return (
    <Table.Tr data-testid={`dead-letter-${letter.queue}`} data-resolved={resolution !== null}>
      <Table.Td>
        <span className={resolution === null ? styles['reason'] : 'wb-dim'}>
          {t(`deadLetters.reasons.${letter.reason}`)}
        </span>
      </Table.Td>
      <Table.Td className="wb-mono">
        {letter.originQueue} → {letter.queue} <span className="wb-place">{placeNote(letter, severalBrokers)}</span>
      </Table.Td>
      {withOrder ? (
        <Table.Td>
          {letter.orderId === null ? (
            <span className="wb-dim">{t('deadLetters.noOrder')}</span>
          ) : (
            <Link to="/orders/$orderId" params={{ orderId: letter.orderId }} className="wb-link wb-mono">
              {letter.orderId}
            </Link>
          )}
        </Table.Td>
      ) : null}
      <Table.Td>
        {letter.traceId === null ? (
          <span className="wb-dim">—</span>
        ) : (
          <Link to="/traces/$traceId" params={{ traceId: letter.traceId }} className="wb-link wb-mono">
            {letter.traceId.slice(0, 8)}
          </Link>
        )}
      </Table.Td>
      <Table.Td>
        <Instant at={letter.firstAt ?? letter.observedAt} relative />
      </Table.Td>
      <Table.Td ta="right">{formatCount(letter.count, language)}</Table.Td>
      <Table.Td>
        {resolution === null ? (
          <>
            <strong>{t('deadLetters.waits')}</strong>
            {withReplay ? <ReplayButton letter={letter} /> : null}
          </>
        ) : (
          <span className="wb-dim">
            {t(`deadLetters.resolutions.${resolution.how}`)}{' '}
            {resolution.at === null ? null : <Instant at={resolution.at} relative />}
          </span>
        )}
      </Table.Td>
      <Table.Td>
        <Details letter={letter} />
      </Table.Td>
    </Table.Tr>
  );
}

interface DeadLettersTableProps {
  readonly letters: readonly DeadLetter[];
  /** Without it the letters are all of one order, which the page names. */
  readonly withOrder?: boolean;
  readonly stale?: boolean;
  /** Where letters may be put back; nowhere by default. */
  readonly replayPlaces?: readonly Place[];
  readonly severalBrokers?: boolean;
}

/** Dead letters, one a line: why, where, whose, since when, and what became of them. */
export function DeadLettersTable({
  letters,
  withOrder = true,
  stale = false,
  replayPlaces = [],
  severalBrokers = hasSeveralBrokers(letters),
}: DeadLettersTableProps) {
  const { t } = useTranslation();
  const columns = [
    { key: 'reason', name: t('deadLetters.columns.reason') },
    { key: 'way', name: t('deadLetters.columns.way') },
    ...(withOrder ? [{ key: 'order', name: t('deadLetters.columns.order') }] : []),
    { key: 'trace', name: t('messages.columns.trace') },
    { key: 'since', name: t('deadLetters.columns.since') },
    { key: 'count', name: t('deadLetters.columns.count'), hint: t('deadLetters.countHint'), align: 'right' as const },
    { key: 'fate', name: t('messages.columns.fate') },
    { key: 'details', name: '' },
  ];
  return (
    <DataTable columns={columns} minWidth={980} stale={stale} testId="dead-letters-table">
      {letters.map((letter) => (
        <Row
          key={letter.id}
          letter={letter}
          withOrder={withOrder}
          withReplay={replayPlaces.some(({ broker, vhost }) => broker === letter.broker && vhost === letter.vhost)}
          severalBrokers={severalBrokers}
        />
      ))}
    </DataTable>
  );
}
