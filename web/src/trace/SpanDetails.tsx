import { ActionIcon, TextInput } from '@mantine/core';
import { IconAlertTriangleFilled, IconFilter, IconX } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Attribute, Span } from '../../../src/api/contract/index.ts';
import { formatDuration } from '../format/duration.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { SpanLogs } from '../logs/SpanLogs.tsx';
import { ServiceName } from '../parts/ServiceName.tsx';
import { Duration, Instant } from '../parts/Times.tsx';
import { errorText } from './failure.ts';
import type { ServiceColor } from './service-color.ts';
import styles from './trace.module.css';

function Attributes({ list, filter }: { readonly list: readonly Attribute[]; readonly filter: string }) {
  const { t } = useTranslation();
  const wanted = filter.trim().toLowerCase();
  const shown = list
    .filter(({ key, value }) => key.toLowerCase().includes(wanted) || value.toLowerCase().includes(wanted))
    .toSorted((a, b) => a.key.localeCompare(b.key));
  if (list.length === 0) return <p className={styles['empty']}>{t('span.none')}</p>;
  if (shown.length === 0) return <p className={styles['empty']}>{t('span.nothing')}</p>;
  return (
    <dl className={styles['attributes']}>
      {shown.map((attribute, index) => (
        <div key={`${attribute.key}:${index}`}>
          <dt title={attribute.key}>{attribute.key}</dt>
          <dd>
            <span className={styles['value']}>{attribute.value}</span>
            <span className={styles['type']}>{t(`span.types.${attribute.type}`)}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Section({
  title,
  count,
  children,
}: {
  readonly title: string;
  readonly count?: number;
  readonly children: ReactNode;
}) {
  return (
    <section className={styles['section']}>
      <h3 className={styles['sectionTitle']}>
        {title} {count === undefined ? null : <span className="wb-dim">{count}</span>}
      </h3>
      {children}
    </section>
  );
}

function Facts({ span, color }: { readonly span: Span; readonly color: ServiceColor | undefined }) {
  const { t } = useTranslation();
  const rows: [string, ReactNode][] = [
    [t('span.service'), <ServiceName key="s" service={span.service} color={color} />],
    [t('span.kind'), t(`span.kinds.${span.kind}`)],
    [t('span.start'), <Instant key="i" at={span.startedAt} />],
    [t('span.offset'), <Duration key="o" ms={span.offsetMs} />],
    [t('span.duration'), <Duration key="d" ms={span.durationMs} />],
    [t('span.status'), t(`span.statuses.${span.status.code}`)],
  ];
  if (span.orderId !== null) {
    const order = (
      <>
        <Link to="/orders/$orderId" params={{ orderId: span.orderId }} className="wb-link wb-mono">
          {span.orderId}
        </Link>{' '}
        <span className="wb-dim">{t(span.orderNamed ? 'span.orderNamed' : 'span.orderInherited')}</span>
      </>
    );
    rows.push([t('span.order'), order]);
  }
  const parent = span.parentSpanId ?? t('span.root');
  rows.push([
    t('span.spanId'),
    <span key="id" className="wb-mono">
      {span.spanId}
    </span>,
  ]);
  rows.push([
    t('span.parent'),
    <span key="p" className={span.parentSpanId === null ? 'wb-dim' : 'wb-mono'}>
      {parent}
    </span>,
  ]);
  if (span.scope.name !== '') rows.push([t('span.scope'), `${span.scope.name} ${span.scope.version}`]);
  return (
    <dl className={styles['facts']}>
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Events({ span, filter }: { readonly span: Span; readonly filter: string }) {
  const { t } = useTranslation();
  const language = useLanguage();
  if (span.events.length === 0) return <p className={styles['empty']}>{t('span.none')}</p>;
  return span.events.map((event, index) => (
    <div key={`${event.at}:${index}`} className={styles['event']}>
      <div className={styles['eventHead']}>
        <strong>{event.name}</strong>
        <span className="wb-dim wb-number">
          <Instant at={event.at} /> (+{formatDuration(event.offsetMs, language)})
        </span>
      </div>
      <Attributes list={event.attributes} filter={filter} />
    </div>
  ));
}

function Links({ span, filter }: { readonly span: Span; readonly filter: string }) {
  const { t } = useTranslation();
  if (span.links.length === 0) return <p className={styles['empty']}>{t('span.none')}</p>;
  return span.links.map((link) => (
    <div key={`${link.traceId}:${link.spanId}`} className={styles['event']}>
      <Link
        to="/traces/$traceId"
        params={{ traceId: link.traceId }}
        search={{ span: link.spanId }}
        className="wb-link wb-mono"
      >
        {t('span.linkTo', { span: link.spanId.slice(0, 8), trace: link.traceId.slice(0, 8) })}
      </Link>
      {link.attributes.length === 0 ? null : <Attributes list={link.attributes} filter={filter} />}
    </div>
  ));
}

interface SpanDetailsProps {
  readonly traceId: string;
  readonly span: Span;
  readonly resource: readonly Attribute[];
  readonly color: ServiceColor | undefined;
  readonly close: () => void;
}

/** Everything that is known about one span. */
export function SpanDetails({ traceId, span, resource, color, close }: SpanDetailsProps) {
  const { t } = useTranslation();
  const [filter, setFilter] = useState('');
  return (
    <aside
      className={styles['details']}
      aria-label={t('span.details')}
      data-testid="span-details"
      onKeyDown={(event) => {
        if (event.key === 'Escape') close();
      }}
    >
      <header className={styles['detailsHead']}>
        <h2 className={styles['detailsTitle']}>{span.name}</h2>
        <ActionIcon variant="subtle" color="gray" size="sm" onClick={close} aria-label={t('span.close')}>
          <IconX size={16} />
        </ActionIcon>
      </header>
      <div className={styles['detailsBody']}>
        {span.status.code === 'error' ? (
          <p className={styles['failure']}>
            <IconAlertTriangleFilled size={15} aria-hidden />
            <span>{errorText(span) === '' ? t('trace.error') : errorText(span)}</span>
          </p>
        ) : null}
        <Facts span={span} color={color} />
        <TextInput
          size="xs"
          mt={10}
          aria-label={t('span.filter')}
          placeholder={t('span.filter')}
          leftSection={<IconFilter size={14} stroke={1.7} />}
          value={filter}
          onChange={(event) => setFilter(event.currentTarget.value)}
        />
        <Section title={t('span.attributes')} count={span.attributes.length}>
          <Attributes list={span.attributes} filter={filter} />
        </Section>
        <Section title={t('span.events')} count={span.events.length}>
          <Events span={span} filter={filter} />
        </Section>
        <Section title={t('logs.title')}>
          <SpanLogs traceId={traceId} spanId={span.spanId} />
        </Section>
        <Section title={t('span.links')} count={span.links.length}>
          <Links span={span} filter={filter} />
        </Section>
        <Section title={t('span.resource')} count={resource.length}>
          <Attributes list={resource} filter={filter} />
        </Section>
      </div>
    </aside>
  );
}
