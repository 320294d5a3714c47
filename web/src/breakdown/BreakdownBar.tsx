import { Tooltip } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { formatDuration } from '../format/duration.ts';
import { useLanguage } from '../i18n/i18n.ts';
import type { ServiceColor } from '../trace/service-color.ts';
import styles from './breakdown.module.css';
import { formatShare, OTHER_PARTS, type Part } from './parts.ts';

/** Colours of the services on a page, so that a service looks the same in every bar. */
export type Colors = ReadonlyMap<string, ServiceColor>;

function usePartName(): (part: Part) => string {
  const { t } = useTranslation();
  return (part) => (part.kind === 'service' ? part.service : t(`breakdown.parts.${part.kind}`));
}

function fill(part: Part, colors: Colors): { background: string } | undefined {
  return part.kind === 'service'
    ? { background: `var(--wb-service-${colors.get(part.service) ?? 'blue'})` }
    : undefined;
}

/** The colour or pattern of a part. */
export function Swatch({ part, colors }: { readonly part: Part; readonly colors: Colors }) {
  return <i className={styles['swatch']} data-kind={part.kind} style={fill(part, colors)} aria-hidden />;
}

/** Colour and name of a part. */
export function PartName({ part, colors }: { readonly part: Part; readonly colors: Colors }) {
  const name = usePartName();
  return (
    <span className={styles['key']}>
      <Swatch part={part} colors={colors} />
      {name(part)}
    </span>
  );
}

/** Every part with its exact time, for the tooltip. */
function Details({ parts, colors, extra }: Omit<BarProps, 'label'>) {
  const language = useLanguage();
  const name = usePartName();
  const exact = new Intl.NumberFormat(language, { maximumFractionDigits: 3 });
  return (
    <span className={styles['details']}>
      {parts.map((part) => (
        <span key={part.kind === 'service' ? `service ${part.service}` : part.kind} className={styles['detail']}>
          <Swatch part={part} colors={colors} />
          <span>{name(part)}</span>
          <span className="wb-number">{exact.format(part.ms)} ms</span>
          <span className="wb-number">{formatShare(part.share, language)}</span>
        </span>
      ))}
      {extra.map((line) => (
        <span key={line} className={styles['extra']}>
          {line}
        </span>
      ))}
    </span>
  );
}

interface BarProps {
  readonly parts: readonly Part[];
  readonly colors: Colors;
  /** What the bar is about, for those who do not see it; the parts follow by themselves. */
  readonly label: string;
  /** Further lines of the tooltip. */
  readonly extra: readonly string[];
  readonly wide?: boolean;
}

/** Time as a bar of its parts; exact times show on hover and focus, and are read out. */
export function BreakdownBar({ parts, colors, label, extra, wide = false }: BarProps) {
  const language = useLanguage();
  const name = usePartName();
  const said = parts.map(
    (part) => `${name(part)} ${formatDuration(part.ms, language)} (${formatShare(part.share, language)})`,
  );
  if (parts.length === 0) return <span className="wb-dim">—</span>;
  return (
    <Tooltip
      label={<Details parts={parts} colors={colors} extra={extra} />}
      events={{ hover: true, focus: true, touch: true }}
      classNames={{ tooltip: styles['tooltip'] ?? '' }}
    >
      <span
        className={styles['bar']}
        data-wide={wide}
        role="img"
        tabIndex={0}
        aria-label={`${label}: ${[...said, ...extra].join('; ')}`}
      >
        {parts.map((part) => (
          <i
            key={part.kind === 'service' ? `service ${part.service}` : part.kind}
            className={styles['part']}
            data-kind={part.kind}
            style={{ ...fill(part, colors), flexGrow: part.share }}
          />
        ))}
      </span>
    </Tooltip>
  );
}

/** What the colours and patterns of bars mean. */
export function BreakdownLegend({
  services,
  colors,
}: {
  readonly services: readonly string[];
  readonly colors: Colors;
}) {
  const none = { ms: 0, share: 0 };
  return (
    <span className={styles['legend']} aria-hidden>
      {services.map((service) => (
        <PartName key={service} part={{ ...none, kind: 'service', service }} colors={colors} />
      ))}
      {OTHER_PARTS.map((kind) => (
        <PartName key={kind} part={{ ...none, kind }} colors={colors} />
      ))}
    </span>
  );
}
