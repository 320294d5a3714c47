import { ActionIcon, CopyButton } from '@mantine/core';
import { IconCheck, IconCopy, IconStack2 } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Trace } from '../../../src/api/contract/index.ts';
import { formatCount } from '../format/number.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { ServiceName } from '../parts/ServiceName.tsx';
import { Duration, Instant } from '../parts/Times.tsx';
import type { ServiceColor } from './service-color.ts';
import styles from './trace.module.css';

function Orders({ orders }: { readonly orders: readonly string[] }) {
  const { t } = useTranslation();
  if (orders.length === 0) return <span className="wb-dim">{t('trace.noOrders')}</span>;
  return (
    <span className={styles['orders']}>
      {orders.map((orderId) => (
        <Link key={orderId} to="/orders/$orderId" params={{ orderId }} className={styles['order']}>
          <IconStack2 size={14} stroke={1.7} aria-hidden />
          <span className="wb-mono">{orderId}</span>
        </Link>
      ))}
    </span>
  );
}

interface TraceHeadProps {
  readonly trace: Trace;
  readonly colors: ReadonlyMap<string, ServiceColor>;
}

/** What the trace is, which orders it served, and its measures. */
export function TraceHead({ trace, colors }: TraceHeadProps) {
  const { t } = useTranslation();
  const language = useLanguage();
  return (
    <header className={styles['head']}>
      <h1 className={styles['title']}>
        <ServiceName service={trace.rootService} color={colors.get(trace.rootService)} />
        <span>{trace.rootName}</span>
      </h1>
      <dl className={styles['meta']}>
        <div>
          <dt>{t('trace.orders')}</dt>
          <dd>
            <Orders orders={trace.orders} />
          </dd>
        </div>
        <div>
          <dt>{t('trace.started')}</dt>
          <dd>
            <Instant at={trace.startedAt} />
          </dd>
        </div>
        <div>
          <dt>{t('trace.duration')}</dt>
          <dd>
            <Duration ms={trace.durationMs} />
          </dd>
        </div>
        <div>
          <dt>{t('trace.spans')}</dt>
          <dd className="wb-number">{formatCount(trace.spanCount, language)}</dd>
        </div>
        <div>
          <dt>{t('trace.services')}</dt>
          <dd className={styles['services']}>
            {trace.services.map((service) => (
              <ServiceName key={service} service={service} color={colors.get(service)} />
            ))}
          </dd>
        </div>
        <div>
          <dt>{t('trace.trace')}</dt>
          <dd className={styles['traceId']}>
            <span className="wb-mono">{trace.traceId}</span>
            <CopyButton value={trace.traceId} timeout={1500}>
              {({ copied, copy }) => (
                <ActionIcon variant="subtle" color="gray" size="sm" onClick={copy} aria-label={t('order.copyId')}>
                  {copied ? <IconCheck size={14} /> : <IconCopy size={14} stroke={1.7} />}
                </ActionIcon>
              )}
            </CopyButton>
          </dd>
        </div>
      </dl>
    </header>
  );
}
