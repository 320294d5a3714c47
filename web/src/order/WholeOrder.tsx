import { IconCircleCheck, IconClockExclamation } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Lifecycle, Order } from '../../../src/api/contract/index.ts';
import { formatDuration } from '../format/duration.ts';
import { epochMs } from '../format/time.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { useNow } from '../parts/NowProvider.tsx';
import styles from './order.module.css';

/** The age of a whole order, or what it took, against the target of the lifecycle; nothing where that names none. */
export function WholeOrder({ order, lifecycle }: { readonly order: Order; readonly lifecycle: Lifecycle }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const now = useNow();
  const { openedAt, closedAt } = order;
  const { targetMs } = lifecycle;
  if (openedAt === null || targetMs === null) return null;
  const lengthMs = Math.max(0, (closedAt === null ? now : epochMs(closedAt)) - epochMs(openedAt));
  const overMs = lengthMs - targetMs;
  const target = formatDuration(targetMs, language);
  const Icon = overMs > 0 ? IconClockExclamation : IconCircleCheck;
  return (
    <div data-testid="order-whole">
      <dt>{t('order.whole')}</dt>
      <dd className={styles['whole']} data-over={overMs > 0}>
        <Icon size={14} stroke={1.9} aria-hidden />
        <span className="wb-number">{formatDuration(lengthMs, language)}</span>
        <span>
          {overMs > 0
            ? t('order.journey.overTarget', { over: formatDuration(overMs, language), target })
            : t('order.journey.within', { target })}
        </span>
      </dd>
    </div>
  );
}
