import { useTranslation } from 'react-i18next';
import type { Failures } from '../../../src/api/contract/index.ts';
import { formatDuration } from '../format/duration.ts';
import { formatCount } from '../format/number.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { FailureClassMark } from '../parts/FailureMarks.tsx';
import styles from './failures.module.css';

/** One card a class: its failures and what became of the orders. */
export function Totals({ failures }: { readonly failures: Failures }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const length = formatDuration(failures.recoveryTimeMs, language);
  const hints = {
    orders: '',
    failedOrders: t('failures.failedHint', { length }),
    recoveredOrders: t('failures.recoveredHint', { length }),
  };
  return (
    <ul className={styles['totals']} aria-label={t('failures.totals')}>
      {failures.totals.map((total) => (
        <li key={total.class} className={styles['total']} data-testid={`failures-total-${total.class}`}>
          <FailureClassMark of={total.class} />
          <span className={styles['totalCount']}>{t('failures.failures', { count: total.failures })}</span>
          <dl className={styles['counts']}>
            {(['orders', 'failedOrders', 'recoveredOrders'] as const).map((key) => (
              <div key={key} title={hints[key]}>
                <dt>{t(`failures.${key}`)}</dt>
                <dd data-bad={key === 'failedOrders' && total[key] > 0}>{formatCount(total[key], language)}</dd>
              </div>
            ))}
          </dl>
        </li>
      ))}
    </ul>
  );
}
