import { IconCircleCheck, IconClockExclamation } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { CurrentStatus, Lifecycle, Order } from '../../../src/api/contract/index.ts';
import { formatDuration } from '../format/duration.ts';
import { epochMs } from '../format/time.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { useLifecycleView } from '../parts/lifecycle-view.ts';
import { StatusPill } from '../parts/Marks.tsx';
import { useNow } from '../parts/NowProvider.tsx';
import { Age } from '../parts/Times.tsx';
import styles from './order.module.css';

function Since({ current: { status, since } }: { readonly current: CurrentStatus }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const view = useLifecycleView();
  const now = useNow();
  if (view.final(status)) {
    return (
      <span className="wb-dim">
        <IconCircleCheck size={14} stroke={1.8} aria-hidden /> {t('orders.final')}
      </span>
    );
  }
  const target = view.targetMs(status);
  const over = target === null ? 0 : now - epochMs(since) - target;
  if (over <= 0) return <Age since={since} />;
  const label = t('orders.overTarget', { over: formatDuration(over, language) });
  return (
    <span className={styles['over']} title={label}>
      <IconClockExclamation size={14} stroke={2} aria-label={label} />
      <Age since={since} />
    </span>
  );
}

/** Where every region of an order is now, also those that have not begun. */
export function CurrentStatuses({ order, lifecycle }: { readonly order: Order; readonly lifecycle: Lifecycle }) {
  const { t } = useTranslation();
  const language = useLanguage();
  return lifecycle.regions.map(({ id, label, optional }) => {
    const current = order.current.find(({ region }) => region === id);
    return (
      <span key={id} data-testid={`order-region-${id}`}>
        <span className="wb-dim">{label[language]}</span>
        {current === undefined ? (
          <span className="wb-dim">{t(optional ? 'order.notNeededYet' : 'order.notBegun')}</span>
        ) : (
          <>
            <StatusPill status={current.status} />
            <Since current={current} />
          </>
        )}
      </span>
    );
  });
}
