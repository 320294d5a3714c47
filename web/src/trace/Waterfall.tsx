import { Button, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Trace } from '../../../src/api/contract/index.ts';
import { formatDuration } from '../format/duration.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { spanMatches } from './hint.ts';
import { keyMove } from './keyboard.ts';
import { SpanRow } from './SpanRow.tsx';
import type { ServiceColor } from './service-color.ts';
import styles from './trace.module.css';
import { ancestors, rulerTicks, type TimeWindow, type TreeNode, timeWindow, visibleRows } from './tree.ts';

const ROW_HEIGHT = 28;

interface WaterfallProps {
  readonly trace: Trace;
  readonly tree: readonly TreeNode[];
  readonly colors: ReadonlyMap<string, ServiceColor>;
  readonly selected: string | undefined;
  readonly select: (key: string | undefined) => void;
}

function Ruler({ lengthMs }: { readonly lengthMs: number }) {
  const language = useLanguage();
  return (
    <span className={styles['ruler']} aria-hidden>
      {rulerTicks(lengthMs).map((tick) => {
        const left = (tick / lengthMs) * 100;
        return left > 94 ? null : (
          <span key={tick} className={styles['rulerTick']} style={{ left: `${left}%` }}>
            {formatDuration(tick, language)}
          </span>
        );
      })}
    </span>
  );
}

/** Which rows show: what is collapsed, and the cursor; a span chosen elsewhere is uncovered. */
function useTreeState(tree: readonly TreeNode[], selected: string | undefined) {
  const [collapsed, setCollapsed] = useState<ReadonlySet<string>>(new Set());
  const [cursor, setCursor] = useState(selected);
  const [shown, setShown] = useState<string | undefined>(undefined);
  const uncover = (key: string): void => {
    setCursor(key);
    const hiding = ancestors(tree, key).filter((above) => collapsed.has(above));
    if (hiding.length > 0) setCollapsed(new Set([...collapsed].filter((above) => !hiding.includes(above))));
  };
  if (selected !== shown) {
    setShown(selected);
    if (selected !== undefined) uncover(selected);
  }
  const toggle = (key: string): void => {
    const next = new Set(collapsed);
    if (!next.delete(key)) next.add(key);
    setCollapsed(next);
  };
  return { collapsed, setCollapsed, cursor, setCursor, toggle, uncover };
}

interface ToolsProps {
  readonly text: string;
  readonly setText: (text: string) => void;
  readonly matches: number | undefined;
  readonly next: () => void;
  readonly expandAll: () => void;
  readonly collapseAll: () => void;
}

function Tools({ text, setText, matches, next, expandAll, collapseAll }: ToolsProps) {
  const { t } = useTranslation();
  return (
    <div className={styles['tools']}>
      <TextInput
        size="xs"
        w={220}
        aria-label={t('trace.filter')}
        placeholder={t('trace.filter')}
        leftSection={<IconSearch size={14} stroke={1.7} />}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') next();
        }}
      />
      <span className="wb-dim" aria-live="polite">
        {matches === undefined ? '' : t('trace.matches', { count: matches })}
      </span>
      <span className={styles['toolsEnd']}>
        <Button variant="subtle" color="gray" size="compact-xs" onClick={expandAll}>
          {t('trace.expandAll')}
        </Button>
        <Button variant="subtle" color="gray" size="compact-xs" onClick={collapseAll}>
          {t('trace.collapseAll')}
        </Button>
      </span>
    </div>
  );
}

interface RowsProps {
  readonly rows: readonly TreeNode[];
  readonly window: TimeWindow;
  readonly colors: ReadonlyMap<string, ServiceColor>;
  readonly collapsed: ReadonlySet<string>;
  readonly selected: string | undefined;
  readonly cursor: string | undefined;
  /** Rows without this text fade; '' fades none. */
  readonly wanted: string;
  readonly toggle: (key: string) => void;
  readonly choose: (key: string) => void;
  readonly onKeyDown: (event: KeyboardEvent) => void;
}

/** The rows in sight of a scrolled tree. */
function Rows({ rows, cursor, wanted, choose, onKeyDown, ...rest }: RowsProps) {
  const { t } = useTranslation();
  const scroller = useRef<HTMLDivElement>(null);
  // The virtualizer hands out functions that change without notice; nothing here is memoized on them.
  // oxlint-disable-next-line react/incompatible-library
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 12,
  });
  const at = rows.findIndex((row) => row.key === cursor);
  useEffect(() => {
    if (at >= 0) virtual.scrollToIndex(at, { align: 'auto' });
  }, [at, virtual]);
  return (
    <div
      ref={scroller}
      className={styles['rows']}
      role="tree"
      tabIndex={0}
      aria-label={t('trace.waterfall')}
      aria-activedescendant={cursor === undefined ? undefined : `span-${cursor}`}
      onKeyDown={onKeyDown}
    >
      <div style={{ height: virtual.getTotalSize(), position: 'relative' }}>
        {virtual.getVirtualItems().map((item) => {
          const row = rows[item.index];
          if (row === undefined) return null;
          const { key } = row;
          return (
            <SpanRow
              key={item.key}
              row={row}
              top={item.start}
              window={rest.window}
              color={rest.colors.get(row.span.service) ?? 'blue'}
              collapsed={rest.collapsed.has(key)}
              selected={key === rest.selected}
              active={key === cursor}
              faded={wanted !== '' && !spanMatches(row.span, wanted)}
              toggle={() => rest.toggle(key)}
              select={() => choose(key)}
            />
          );
        })}
      </div>
    </div>
  );
}

/** The spans of a trace as a tree over time; only rows in sight are drawn. */
export function Waterfall({ trace, tree, colors, selected, select }: WaterfallProps) {
  const { t } = useTranslation();
  const { collapsed, setCollapsed, cursor, setCursor, toggle, uncover } = useTreeState(tree, selected);
  const [text, setText] = useState('');
  const rows = useMemo(() => visibleRows(tree, collapsed), [tree, collapsed]);
  const all = useMemo(() => visibleRows(tree, new Set()), [tree]);
  const window = useMemo(() => timeWindow(trace.spans), [trace.spans]);
  const wanted = text.trim();
  const matching = wanted === '' ? undefined : all.filter((row) => spanMatches(row.span, wanted));
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const move = keyMove(event.key, rows, cursor, collapsed);
    if (move === undefined) return;
    event.preventDefault();
    if (move.kind === 'close') return select(undefined);
    if (move.kind === 'open') return select(move.span);
    if (move.kind !== 'go') return toggle(move.span);
    setCursor(move.span);
    if (selected !== undefined) select(move.span);
  };
  const next = (): void => {
    if (matching === undefined) return;
    const found = matching[(matching.findIndex((row) => row.key === cursor) + 1) % matching.length];
    if (found !== undefined) uncover(found.key);
  };
  const branches = (): string[] => all.filter((row) => row.children.length > 0).map((row) => row.key);
  const choose = (key: string): void => {
    setCursor(key);
    select(key);
  };
  return (
    <section className={styles['waterfall']} data-testid="trace-waterfall">
      <Tools
        text={text}
        setText={setText}
        matches={matching?.length}
        next={next}
        expandAll={() => setCollapsed(new Set())}
        collapseAll={() => setCollapsed(new Set(branches()))}
      />
      <div className={styles['columns']}>
        <span className={styles['columnName']}>{t('trace.name')}</span>
        <Ruler lengthMs={window.length} />
      </div>
      <Rows {...{ rows, window, colors, collapsed, selected, cursor, wanted, toggle, choose, onKeyDown }} />
    </section>
  );
}
