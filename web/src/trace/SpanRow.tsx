import { IconAlertTriangleFilled, IconChevronRight, IconClockExclamation, IconUnlink } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { formatDuration } from '../format/duration.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { spanHint } from './hint.ts';
import type { ServiceColor } from './service-color.ts';
import styles from './trace.module.css';
import { barPlace, type TimeWindow, type TreeNode } from './tree.ts';

/** Deeper levels are not indented further, so that names keep some room. */
const MAX_INDENT = 18;

interface SpanRowProps {
  readonly row: TreeNode;
  /** Place in the scrolled list, px. */
  readonly top: number;
  readonly window: TimeWindow;
  readonly color: ServiceColor;
  readonly collapsed: boolean;
  readonly selected: boolean;
  readonly active: boolean;
  readonly faded: boolean;
  readonly toggle: () => void;
  readonly select: () => void;
}

function Marks({ row }: { readonly row: TreeNode }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const skew = {
    length: formatDuration(row.skewMs, language),
    service: row.span.service,
    parent: row.parent?.service ?? '',
  };
  return (
    <>
      {row.span.status.code === 'error' ? (
        <IconAlertTriangleFilled size={14} className={styles['errorIcon']} role="img" aria-label={t('trace.error')} />
      ) : null}
      {row.orphan ? (
        <span className={styles['tag']} title={t('trace.orphanHint', { parent: row.span.parentSpanId ?? '' })}>
          <IconUnlink size={12} aria-hidden />
          {t('trace.orphan')}
        </span>
      ) : null}
      {row.skewMs > 0 ? (
        <span className={styles['tag']} title={t('trace.skewHint', skew)}>
          <IconClockExclamation size={12} aria-hidden />
          {t('trace.skew')}
        </span>
      ) : null}
      {row.span.durationMs < 0 ? (
        <span className={styles['tag']} title={t('trace.negativeHint')}>
          <IconClockExclamation size={12} aria-hidden />
          {t('trace.negative')}
        </span>
      ) : null}
    </>
  );
}

function Toggle({ row, collapsed, toggle }: Pick<SpanRowProps, 'row' | 'collapsed' | 'toggle'>) {
  const { t } = useTranslation();
  if (row.children.length === 0) return <span className={styles['noToggle']} />;
  return (
    <button
      type="button"
      tabIndex={-1}
      className={styles['toggle']}
      data-collapsed={collapsed}
      aria-label={collapsed ? t('trace.expand') : t('trace.collapse')}
      onClick={(event) => {
        event.stopPropagation();
        toggle();
      }}
    >
      <IconChevronRight size={14} stroke={2} aria-hidden />
    </button>
  );
}

function Bar({ row, window, color }: Pick<SpanRowProps, 'row' | 'window' | 'color'>) {
  const language = useLanguage();
  const { left, width } = barPlace(row.span, window);
  const after = left + width <= 62;
  const inside = !after && left < 38;
  const side = after ? { left: `${left + width}%` } : inside ? { left: `${left}%` } : { right: `${100 - left}%` };
  const hint = spanHint(row.span);
  return (
    <span className={styles['timeline']}>
      <span
        className={styles['bar']}
        data-error={row.span.status.code === 'error'}
        style={{
          left: `min(${left}%, calc(100% - 2px))`,
          width: `${width}%`,
          background: `var(--wb-service-${color})`,
        }}
      />
      <span className={styles['barText']} data-place={after ? 'after' : inside ? 'inside' : 'before'} style={side}>
        <span className="wb-number">{formatDuration(row.span.durationMs, language)}</span>
        {hint === '' ? null : (
          <span className={styles['hint']} data-error={row.span.status.code === 'error'}>
            {hint}
          </span>
        )}
      </span>
    </span>
  );
}

/** One span: its place in the tree at the left, its place in time at the right. */
export function SpanRow(props: SpanRowProps) {
  const { t } = useTranslation();
  const { row, top, color, collapsed, selected, active, faded, select } = props;
  const { span } = row;
  return (
    // Keys are handled by the tree that holds the rows; the row itself only takes clicks.
    <div
      id={`span-${row.key}`}
      role="treeitem"
      aria-level={row.depth + 1}
      aria-selected={selected}
      {...(row.children.length > 0 ? { 'aria-expanded': !collapsed } : {})}
      className={styles['row']}
      data-active={active}
      data-faded={faded}
      data-testid={`span-row-${row.key}`}
      style={{ transform: `translateY(${top}px)` }}
      onClick={select}
    >
      <span className={styles['nameCell']} style={{ paddingLeft: 6 + Math.min(row.depth, MAX_INDENT) * 13 }}>
        <Toggle row={row} collapsed={collapsed} toggle={props.toggle} />
        <i className={styles['strip']} style={{ background: `var(--wb-service-${color})` }} aria-hidden />
        <span className="wb-cut" title={`${span.service} · ${span.name}`}>
          <span className={styles['serviceText']}>{span.service}</span> {span.name}
        </span>
        {collapsed ? (
          <span className={styles['tag']} title={t('trace.hidden', { count: row.descendants })}>
            +{row.descendants}
          </span>
        ) : null}
        <Marks row={row} />
      </span>
      <Bar row={row} window={props.window} color={color} />
    </div>
  );
}
