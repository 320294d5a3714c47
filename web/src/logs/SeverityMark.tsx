import {
  IconAlertTriangleFilled,
  IconBug,
  IconFlame,
  IconInfoCircle,
  IconListDetails,
  IconPoint,
  IconXboxXFilled,
} from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { LogRecord } from '../../../src/api/contract/index.ts';
import styles from './logs.module.css';

const ICONS = {
  trace: IconListDetails,
  debug: IconBug,
  info: IconInfoCircle,
  warn: IconAlertTriangleFilled,
  error: IconXboxXFilled,
  fatal: IconFlame,
} as const;

/** How severe a record is: icon and word; the sender's own word shows on hover. */
export function SeverityMark({ log }: { readonly log: Pick<LogRecord, 'severity' | 'severityText'> }) {
  const { t } = useTranslation();
  const { severity, severityText } = log;
  const Icon = severity === null ? IconPoint : ICONS[severity];
  return (
    <span className={styles['severity']} data-severity={severity ?? 'none'} title={severityText}>
      <Icon size={14} aria-hidden />
      {severity === null ? severityText || t('logs.severities.none') : t(`logs.severities.${severity}`)}
    </span>
  );
}
