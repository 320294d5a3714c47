import { useTranslation } from 'react-i18next';
import type { Deviation } from '../../../src/api/contract/index.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { quoted } from '../i18n/language.ts';
import { useLifecycleView } from '../parts/lifecycle-view.ts';

/** Gives a function that explains a deviation in words. */
export function useDeviationText(): (deviation: Deviation) => string {
  const { t } = useTranslation();
  const view = useLifecycleView();
  const language = useLanguage();
  const quote = (id: string): string => quoted(view.status(id), language);
  return ({ kind, status: entered, fromStatus, skipped, otherStatus }) => {
    const status = quote(entered);
    const from = fromStatus === null ? '' : quote(fromStatus);
    const statuses = skipped.map(quote).join(', ');
    switch (kind) {
      case 'skipped':
        return fromStatus === null
          ? t('order.deviations.skippedStart', { status, statuses })
          : t('order.deviations.skipped', { status, from, statuses, count: skipped.length });
      case 'unexpected':
        return fromStatus === null
          ? t('order.deviations.unexpectedStart', { status })
          : t('order.deviations.unexpected', { status, from });
      case 'out_of_step':
        return otherStatus === null
          ? t('order.deviations.outOfStepStart', { status })
          : t('order.deviations.out_of_step', { status, other: quote(otherStatus) });
      case 'left_final':
      case 'wrong_order':
        return t(`order.deviations.${kind}`, { status, from });
      default:
        return t(`order.deviations.${kind}`, { status });
    }
  };
}
