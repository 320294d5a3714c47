import { Tooltip } from '@mantine/core';
import {
  IconAlertTriangleFilled,
  IconArrowsSplit2,
  IconCircleCheck,
  IconCircleDashed,
  IconClockExclamation,
  IconClockPause,
} from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Health } from '../map/health.ts';
import { useLifecycleView } from './lifecycle-view.ts';
import styles from './parts.module.css';

const HEALTH_ICONS = {
  ok: IconCircleCheck,
  near: IconClockPause,
  over: IconClockExclamation,
  none: IconCircleDashed,
  noData: IconCircleDashed,
} as const;

/** The icon that stands for a health, so that its colour never speaks alone. */
export function HealthIcon({ health, size = 14 }: { readonly health: Health; readonly size?: number }) {
  const Icon = HEALTH_ICONS[health];
  return <Icon size={size} stroke={1.8} aria-hidden className={styles['mark']} />;
}

/** Icon and words for how a p95 stands against its target. */
export function HealthMark({ health }: { readonly health: Health }) {
  const { t } = useTranslation();
  return (
    <span className={styles['inline']} data-health={health}>
      <HealthIcon health={health} />
      {t(`health.${health}`)}
    </span>
  );
}

/** The name of a status in a quiet pill; its code shows on hover. `tone` repeats what text beside it says. */
export function StatusPill({
  status,
  tone = 'plain',
}: {
  readonly status: string;
  readonly tone?: 'plain' | 'over' | 'final';
}) {
  const view = useLifecycleView();
  return (
    <Tooltip label={<span className="wb-mono">{status}</span>}>
      <span className={styles['pill']} data-tone={tone}>
        <span className="wb-cut">{view.status(status)}</span>
      </span>
    </Tooltip>
  );
}

function Counter({
  count,
  label,
  kind,
  icon,
}: {
  readonly count: number;
  readonly label: string;
  readonly kind: string;
  readonly icon: ReactNode;
}) {
  if (count === 0) return <span className={styles['zero']}>0</span>;
  return (
    <Tooltip label={label}>
      <span className={`${styles['inline']} wb-number`} data-kind={kind} aria-label={label} role="img">
        {icon}
        {count}
      </span>
    </Tooltip>
  );
}

/** A count of errors: a grey zero, or an icon with the number. */
export function ErrorCount({ count }: { readonly count: number }) {
  const { t } = useTranslation();
  const icon = <IconAlertTriangleFilled size={13} aria-hidden />;
  return <Counter count={count} label={t('orders.errorCount', { count })} kind="error" icon={icon} />;
}

/** A count of deviations: a grey zero, or an icon with the number. */
export function DeviationCount({ count }: { readonly count: number }) {
  const { t } = useTranslation();
  const icon = <IconArrowsSplit2 size={14} aria-hidden />;
  return <Counter count={count} label={t('orders.deviationCount', { count })} kind="deviation" icon={icon} />;
}
