import { UnstyledButton } from '@mantine/core';
import { IconAlertTriangleFilled, IconClockExclamation, IconUnlink } from '@tabler/icons-react';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Trace } from '../../../src/api/contract/index.ts';
import { errorText } from './failure.ts';
import styles from './trace.module.css';
import { type TreeNode, visibleRows } from './tree.ts';

/** Errors named one by one; the rest is counted. */
const NAMED = 4;

interface TraceErrorsProps {
  readonly trace: Trace;
  readonly tree: readonly TreeNode[];
  readonly select: (key: string) => void;
}

/** What is wrong with the trace, each with a jump to its span: errors (innermost first), missing parents, clock skew. */
export function TraceErrors({ trace, tree, select }: TraceErrorsProps) {
  const { t } = useTranslation();
  const rows = useMemo(() => visibleRows(tree, new Set()), [tree]);
  const errors = rows.filter((row) => row.span.status.code === 'error').toSorted((a, b) => b.depth - a.depth);
  const orphans = rows.filter((row) => row.orphan);
  const skewed = rows.filter((row) => row.skewMs > 0);
  const [firstOrphan] = orphans;
  const [firstSkewed] = skewed;
  const truncated = { total: trace.spanCount, shown: trace.spans.length };
  if (errors.length + orphans.length + skewed.length === 0 && !trace.spansTruncated) return null;
  return (
    <div className={styles['notes']}>
      {errors.length === 0 ? null : (
        <div className={styles['errors']} role="group" aria-label={t('trace.errors', { count: errors.length })}>
          <span className={styles['errorsTitle']}>
            <IconAlertTriangleFilled size={15} aria-hidden />
            {t('trace.errors', { count: errors.length })}:
          </span>
          {errors.slice(0, NAMED).map(({ span, key }) => (
            <UnstyledButton key={key} className={styles['error']} onClick={() => select(key)}>
              <span>{errorText(span) === '' ? span.name : errorText(span)}</span>
              <span className={styles['errorIn']}>
                {t('trace.errorIn', { service: span.service, name: span.name })}
              </span>
            </UnstyledButton>
          ))}
          {errors.length > NAMED ? <span>{t('trace.moreErrors', { count: errors.length - NAMED })}</span> : null}
        </div>
      )}
      {firstOrphan === undefined ? null : (
        <UnstyledButton className={styles['note']} onClick={() => select(firstOrphan.key)}>
          <IconUnlink size={15} aria-hidden />
          {t('trace.oneMany', { count: orphans.length })}
        </UnstyledButton>
      )}
      {firstSkewed === undefined ? null : (
        <UnstyledButton className={styles['note']} onClick={() => select(firstSkewed.key)}>
          <IconClockExclamation size={15} aria-hidden />
          {t('trace.skewMany', { count: skewed.length })}
        </UnstyledButton>
      )}
      {trace.spansTruncated ? <span className={styles['note']}>{t('trace.truncated', truncated)}</span> : null}
    </div>
  );
}
