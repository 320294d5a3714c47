import { useTranslation } from 'react-i18next';
import type { ClockAnomaly } from '../../../src/api/contract/index.ts';
import { formatDuration } from '../format/duration.ts';
import { useLanguage } from '../i18n/i18n.ts';

/** Gives a function that explains in words what cannot be right about a time. */
export function useAnomalyText(): (anomaly: ClockAnomaly) => string {
  const { t } = useTranslation();
  const language = useLanguage();
  return ({ kind, skewMs, source }) => t(`order.clock.${kind}`, { source, length: formatDuration(skewMs, language) });
}
