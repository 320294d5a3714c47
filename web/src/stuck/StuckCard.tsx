import { IconArrowsSplit2, IconClockExclamation, IconClockPause, IconMailOff } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { formatAge, formatDuration } from '../format/duration.ts';
import { formatPercent } from '../format/number.ts';
import { epochMs, formatExact, formatRelative } from '../format/time.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { FailureIcon, useFailureText } from '../parts/FailureMarks.tsx';
import { useNow } from '../parts/NowProvider.tsx';
import { rarity, type StuckOrder } from './board.ts';
import styles from './stuck.module.css';

function useRarityText(improbable: number): (survival: number | null) => string {
  const { t } = useTranslation();
  const language = useLanguage();
  return (survival) => {
    const found = rarity(survival, improbable);
    if (found.kind === 'unknown') return t('stuck.unknownShare');
    return t(`stuck.${found.kind}`, { share: formatPercent(found.share, language) });
  };
}

/** One stuck order: how long it waits, how rare that is, and what failed last; leads to the order. */
export function StuckCard({ order, improbable }: { readonly order: StuckOrder; readonly improbable: number }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const now = useNow();
  const rare = useRarityText(improbable);
  const failureText = useFailureText();
  const age = Math.max(order.ageMs, now - epochMs(order.since));
  const { targetMs, lastFailure, lastMessage } = order;
  const target = targetMs === null ? '' : formatDuration(targetMs, language);
  const over = targetMs !== null && age > targetMs;
  const Icon = over ? IconClockExclamation : IconClockPause;
  return (
    <Link
      to="/orders/$orderId"
      params={{ orderId: order.orderId }}
      className={styles['card']}
      data-testid={`stuck-card-${order.orderId}`}
    >
      <span className={`${styles['id']} wb-mono wb-cut`}>{order.orderId}</span>
      <span className={styles['age']} data-over={over} title={formatExact(order.since, language)}>
        <Icon size={15} stroke={2} aria-hidden />
        {formatAge(age, language)}
      </span>
      <span className={styles['line']}>
        {targetMs === null
          ? t('stuck.noTarget')
          : over
            ? t('stuck.overTarget', { over: formatAge(age - targetMs, language), target })
            : t('stuck.withinTarget', { target })}
      </span>
      <span className={styles['line']}>{rare(order.survival)}</span>
      {lastFailure === null ? (
        <span className={styles['line']}>{t('stuck.noFailure')}</span>
      ) : (
        <span className={styles['failure']} title={formatExact(lastFailure.at, language)}>
          <FailureIcon of={lastFailure.class} size={14} />
          <span>
            {failureText(lastFailure)}, {formatRelative(Math.min(now, epochMs(lastFailure.at)), now, language)}
          </span>
        </span>
      )}
      {lastMessage === null ? null : (
        <span className={styles['line']} title={formatExact(lastMessage.at, language)}>
          {t(`stuck.messages.${lastMessage.fate}`, { queue: lastMessage.queue ?? '' })},{' '}
          {formatRelative(Math.min(now, epochMs(lastMessage.at)), now, language)}
        </span>
      )}
      {order.deadLetterCount === 0 ? null : (
        <span className={styles['failure']}>
          <IconMailOff size={14} stroke={1.9} aria-hidden />
          {t('stuck.deadLetters', { count: order.deadLetterCount })}
        </span>
      )}
      {order.deviationCount === 0 ? null : (
        <span className={styles['deviations']}>
          <IconArrowsSplit2 size={14} stroke={1.9} aria-hidden />
          {t('orders.deviationCount', { count: order.deviationCount })}
        </span>
      )}
    </Link>
  );
}
