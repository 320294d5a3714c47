import {
  IconArrowsSplit2,
  IconCircleCheck,
  IconClockExclamation,
  IconClockPause,
  IconMailOff,
} from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Failure, Lifecycle, Order } from '../../../src/api/contract/index.ts';
import { formatAge, formatDuration } from '../format/duration.ts';
import { epochMs, formatRelative } from '../format/time.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { quoted } from '../i18n/language.ts';
import { FailureIcon, SpanLink, useFailureText } from '../parts/FailureMarks.tsx';
import { useLifecycleView } from '../parts/lifecycle-view.ts';
import { useNow } from '../parts/NowProvider.tsx';
import styles from './order.module.css';
import { type OrderFacts, orderFacts } from './sentence.ts';

function LastFailed({ failure }: { readonly failure: Failure }) {
  const { t } = useTranslation();
  const what = useFailureText()(failure);
  const outcome = t(`order.sentence.outcomes.${failure.outcome === 'pending' ? 'pending' : 'failed'}`);
  return (
    <SpanLink at={failure} className={styles['failed'] ?? ''}>
      <FailureIcon of={failure.class} />
      {t('order.sentence.lastFailed', { what, outcome })}
    </SpanLink>
  );
}

function Lead({ facts, order }: { readonly facts: OrderFacts; readonly order: Order }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const now = useNow();
  const view = useLifecycleView();
  if (facts.kind === 'unknown' || facts.status === null) {
    return <>{t('order.sentence.unknown', { count: order.traces.length })}</>;
  }
  const status = view.status(facts.status);
  if (facts.kind === 'closed') {
    const ago = order.closedAt === null ? '' : formatRelative(Math.min(now, epochMs(order.closedAt)), now, language);
    return (
      <span data-tone="ok" className={styles['lead']}>
        <IconCircleCheck size={19} stroke={1.8} aria-hidden />
        {t('order.sentence.closed', { status, ago, length: formatDuration(facts.lengthMs, language) })}
      </span>
    );
  }
  const age = formatAge(facts.ageMs, language);
  const Icon = facts.overMs > 0 ? IconClockExclamation : IconClockPause;
  return (
    <span data-tone={facts.overMs > 0 ? 'over' : 'plain'} className={styles['lead']}>
      <Icon size={19} stroke={1.8} aria-hidden />
      {facts.targetMs === null
        ? t('order.sentence.waiting', { status, age })
        : t('order.sentence.waitingTarget', { status, age, target: formatDuration(facts.targetMs, language) })}
    </span>
  );
}

/** What has happened to the order so far, in one sentence built from what is known. */
export function OrderSentence({ order, lifecycle }: { readonly order: Order; readonly lifecycle: Lifecycle }) {
  const { t } = useTranslation();
  const view = useLifecycleView();
  const language = useLanguage();
  const now = useNow();
  const facts = orderFacts(order, lifecycle, now);
  const clauses: { key: string; node: ReactNode }[] = [];
  if (facts.also.length > 0) {
    const statuses = facts.also.map((status) => quoted(view.status(status), language)).join(', ');
    clauses.push({ key: 'also', node: t('order.sentence.also', { statuses, count: facts.also.length }) });
  }
  if (facts.lastFailed !== undefined) {
    clauses.push({ key: 'failed', node: <LastFailed failure={facts.lastFailed} /> });
  } else if (facts.leftBehind !== undefined) {
    const { how, count } = facts.leftBehind;
    clauses.push({ key: 'left-behind', node: t(`order.sentence.${how}`, { count }) });
  }
  if (order.deadLetterCount > 0) {
    const node = (
      <span className={styles['failed']}>
        <IconMailOff size={16} stroke={1.9} aria-hidden />
        {t('order.sentence.deadLetters', { count: order.deadLetterCount })}
      </span>
    );
    clauses.push({ key: 'dead-letters', node });
  }
  if (facts.deviations > 0) {
    const text = t('order.sentence.deviations', { count: facts.deviations });
    const node = (
      <span className={styles['deviates']}>
        <IconArrowsSplit2 size={16} stroke={1.9} aria-hidden />
        {text}
      </span>
    );
    clauses.push({ key: 'deviations', node });
  } else if (facts.kind === 'closed' && order.deadLetterCount === 0) {
    clauses.push({ key: 'fits', node: t('order.sentence.fits') });
  }
  return (
    <span data-testid="order-sentence" data-status={order.status ?? ''} data-kind={facts.kind}>
      <Lead facts={facts} order={order} />
      {clauses.map(({ key, node }) => (
        <span key={key}>; {node}</span>
      ))}
      .
    </span>
  );
}
