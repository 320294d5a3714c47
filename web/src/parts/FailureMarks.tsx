import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleX,
  IconHourglassEmpty,
  IconHourglassOff,
  IconPlugConnectedX,
  IconRotateClockwise,
} from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Failure, FailureClass } from '../../../src/api/contract/index.ts';
import styles from './parts.module.css';

const CLASS_ICONS = { timeout: IconHourglassOff, api_error: IconPlugConnectedX, other: IconAlertTriangle } as const;
const OUTCOME_ICONS = {
  overcome: IconCircleCheck,
  pending: IconHourglassEmpty,
  failed: IconCircleX,
  recovered: IconRotateClockwise,
} as const;

/** The icon of a class of failures; text stands beside it or is its name. */
export function FailureIcon({ of, size = 15 }: { readonly of: FailureClass; readonly size?: number }) {
  const Icon = CLASS_ICONS[of];
  return <Icon size={size} stroke={1.9} aria-hidden className={styles['mark']} />;
}

/** Icon and words for the class of a failure. */
export function FailureClassMark({ of }: { readonly of: FailureClass }) {
  const { t } = useTranslation();
  return (
    <span className={styles['inline']} data-failure={of}>
      <FailureIcon of={of} />
      {t(`failure.classes.${of}`)}
    </span>
  );
}

/** Icon and words for what became of the order after a failure. */
export function OutcomeMark({ outcome }: { readonly outcome: Failure['outcome'] }) {
  const { t } = useTranslation();
  const Icon = OUTCOME_ICONS[outcome];
  return (
    <span className={styles['inline']} data-outcome={outcome} title={t(`failure.outcomeHints.${outcome}`)}>
      <Icon size={14} stroke={1.9} aria-hidden className={styles['mark']} />
      {t(`failure.outcomes.${outcome}`)}
    </span>
  );
}

/** Gives a function that says a failure in words: `timeout in mes-api · GET`. */
export function useFailureText(): (failure: Pick<Failure, 'class' | 'service' | 'operation'>) => string {
  const { t } = useTranslation();
  return ({ class: of, service, operation }) =>
    t('failure.what', { class: t(`failure.classes.${of}`), service, operation });
}

/** Leads to the failed span inside its trace. */
export function SpanLink({
  at,
  className = 'wb-link',
  children,
}: {
  readonly at: { readonly traceId: string; readonly spanId: string };
  readonly className?: string;
  readonly children: ReactNode;
}) {
  const { t } = useTranslation();
  return (
    <Link
      to="/traces/$traceId"
      params={{ traceId: at.traceId }}
      search={{ span: at.spanId }}
      className={className}
      title={t('failure.toSpan')}
    >
      {children}
    </Link>
  );
}
