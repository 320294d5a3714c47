import { IconCircleCheck, IconCircleX, IconPlayerPause, IconPlugConnected } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { BrokerStatus } from '../../../src/api/contract/index.ts';
import { formatCount, formatPercent } from '../format/number.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { Panel } from '../parts/Panel.tsx';
import { Age, Duration } from '../parts/Times.tsx';
import styles from './queues.module.css';

const STATE_ICONS = {
  connecting: IconPlugConnected,
  running: IconCircleCheck,
  paused: IconPlayerPause,
  failed: IconCircleX,
  stopped: IconCircleX,
} as const;

function Broker({ broker }: { readonly broker: BrokerStatus }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const Icon = STATE_ICONS[broker.state];
  const share = broker.coverage?.share ?? null;
  const figures = [
    { name: t('queues.broker.seen'), value: formatCount(broker.published + broker.delivered, language) },
    { name: t('queues.broker.coverage'), value: share === null ? '—' : formatPercent(share, language) },
    { name: t('queues.broker.lag'), value: <Duration ms={broker.lagMs} /> },
    { name: t('queues.broker.backlog'), value: formatCount(broker.backlog, language) },
    {
      name: t('queues.broker.lost'),
      value: broker.estimatedLost === null ? '—' : formatCount(broker.estimatedLost + broker.dropped, language),
    },
  ];
  const healthy = broker.state === 'running' && broker.tracing !== 'off';
  return (
    <li className={styles['broker']} data-testid={`broker-${broker.name}`}>
      <div className={styles['brokerHead']} data-tone={healthy ? 'ok' : 'over'}>
        <Icon size={16} stroke={1.9} aria-hidden />
        <strong>{broker.name}</strong>
        <span>{t(`queues.states.${broker.state}`)}</span>
        <span className="wb-dim">
          {broker.address} {broker.vhost} · <Age since={broker.since} /> · {t(`queues.tracing.${broker.tracing}`)}
        </span>
      </div>
      {broker.reason === null ? null : <p className={styles['reason']}>{broker.reason}</p>}
      {broker.remedy === null ? null : <p className={styles['remedy']}>{broker.remedy}</p>}
      <dl className={styles['brokerFigures']}>
        {figures.map(({ name, value }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </li>
  );
}

/** Where the tracer of each virtual host stands, and what to do where it does not run. */
export function Brokers({ brokers }: { readonly brokers: readonly BrokerStatus[] }) {
  const { t } = useTranslation();
  // Delays may come from spans of clients alone.
  if (brokers.length === 0) return null;
  return (
    <Panel title={t('queues.broker.title')} testId="brokers">
      <ul className={styles['brokers']}>
        {brokers.map((broker) => (
          <Broker key={broker.name} broker={broker} />
        ))}
      </ul>
    </Panel>
  );
}
