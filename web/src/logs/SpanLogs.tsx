import { useInfiniteQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { logsQuery } from '../data/signal-queries.ts';
import { Instant } from '../parts/Times.tsx';
import styles from './logs.module.css';
import { SeverityMark } from './SeverityMark.tsx';

/** The log records of one span, earliest first; they come from what the trace's page has read. */
export function SpanLogs({ traceId, spanId }: { readonly traceId: string; readonly spanId: string }) {
  const { t } = useTranslation();
  // The newest of the whole trace: one request, however many spans are looked at.
  const { data } = useInfiniteQuery(logsQuery({ traceId }, 1000));
  const logs = (data?.pages[0]?.logs ?? []).filter((log) => log.spanId === spanId).toReversed();
  if (logs.length === 0) return <p className="wb-dim">{t('span.none')}</p>;
  return (
    <ul className={styles['spanLogs']} data-testid="span-logs">
      {logs.map((log) => (
        <li key={`${log.at}:${log.recordId}`}>
          <SeverityMark log={log} /> <span className="wb-dim">{<Instant at={log.at} />}</span>
          <p className={styles['whole']}>{log.body.value === '' ? (log.eventName ?? '—') : log.body.value}</p>
        </li>
      ))}
    </ul>
  );
}
