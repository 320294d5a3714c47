import { ActionIcon, CopyButton, Tooltip } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Lifecycle, Order } from '../../../src/api/contract/index.ts';
import { StatusPill } from '../parts/Marks.tsx';
import { Instant } from '../parts/Times.tsx';
import { CurrentStatuses } from './CurrentStatuses.tsx';
import { OrderSentence } from './OrderSentence.tsx';
import styles from './order.module.css';
import { WholeOrder } from './WholeOrder.tsx';

function CopyId({ id }: { readonly id: string }) {
  const { t } = useTranslation();
  return (
    <CopyButton value={id} timeout={1500}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? t('order.copied') : t('order.copyId')}>
          <ActionIcon variant="subtle" color="gray" size="sm" onClick={copy} aria-label={t('order.copyId')}>
            {copied ? <IconCheck size={15} /> : <IconCopy size={15} stroke={1.7} />}
          </ActionIcon>
        </Tooltip>
      )}
    </CopyButton>
  );
}

/** The status of the order; with regions, that of each. */
function Status({ order, lifecycle }: { readonly order: Order; readonly lifecycle: Lifecycle }) {
  const { t } = useTranslation();
  if (order.status === null) return null;
  if (lifecycle.regions.length > 0) {
    return (
      <div data-testid="order-regions">
        <dt>{t('order.now')}</dt>
        <dd className={styles['regions']}>
          <CurrentStatuses order={order} lifecycle={lifecycle} />
        </dd>
      </div>
    );
  }
  return (
    <div>
      <dt>{t('orders.columns.status')}</dt>
      <dd>
        <StatusPill status={order.status} /> <span className="wb-mono wb-dim">{order.status}</span>
      </dd>
    </div>
  );
}

/** The first lines of the order page: the sentence, then who the order is. */
export function OrderHead({ order, lifecycle }: { readonly order: Order; readonly lifecycle: Lifecycle }) {
  const { t } = useTranslation();
  return (
    <header className={styles['head']}>
      <h1 className={styles['sentence']}>
        <OrderSentence order={order} lifecycle={lifecycle} />
      </h1>
      <dl className={styles['meta']}>
        <div>
          <dt>{t('order.order')}</dt>
          <dd className={styles['id']}>
            <span className="wb-mono">{order.orderId}</span>
            <CopyId id={order.orderId} />
          </dd>
        </div>
        <Status order={order} lifecycle={lifecycle} />
        {order.aliases.length === 0 ? null : (
          <div>
            <dt>{t('order.aliases')}</dt>
            <dd className={styles['aliases']}>
              {order.aliases.map((alias) => (
                <span key={`${alias.name}=${alias.value}`} title={alias.name}>
                  <span className="wb-dim">{alias.name}</span> <span className="wb-mono">{alias.value}</span>
                </span>
              ))}
            </dd>
          </div>
        )}
        {order.attributes.length === 0 ? null : (
          <div data-testid="order-attributes">
            <dt>{t('order.attributes')}</dt>
            <dd className={styles['aliases']}>
              {order.attributes.map(({ name, value }) => (
                <span key={name}>
                  <span className="wb-dim">{name}</span> {value}
                </span>
              ))}
            </dd>
          </div>
        )}
        {order.openedAt === null ? null : (
          <div>
            <dt>{t('order.opened')}</dt>
            <dd>
              <Instant at={order.openedAt} />
            </dd>
          </div>
        )}
        {order.closedAt === null ? null : (
          <div>
            <dt>{t('order.closedAt')}</dt>
            <dd>
              <Instant at={order.closedAt} />
            </dd>
          </div>
        )}
        <WholeOrder order={order} lifecycle={lifecycle} />
        <div>
          <dt>{t('order.lifecycle', order.lifecycle)}</dt>
        </div>
      </dl>
    </header>
  );
}
