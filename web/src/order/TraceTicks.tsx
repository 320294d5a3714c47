import { Menu, Tooltip, UnstyledButton } from '@mantine/core';
import { IconAlertTriangleFilled } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { OrderTrace } from '../../../src/api/contract/index.ts';
import { formatDuration } from '../format/duration.ts';
import { useLanguage } from '../i18n/i18n.ts';
import styles from './journey.module.css';
import type { TraceTick } from './journey.ts';

function useTraceName(): (trace: OrderTrace) => string {
  const { t } = useTranslation();
  const language = useLanguage();
  return (trace) => {
    const text = t('order.journey.trace', {
      service: trace.rootService,
      name: trace.rootName,
      duration: formatDuration(trace.durationMs, language),
    });
    return trace.errorCount === 0 ? text : `${text}, ${t('orders.errorCount', { count: trace.errorCount })}`;
  };
}

function Mark({ failed }: { readonly failed: boolean }) {
  return failed ? (
    <IconAlertTriangleFilled size={14} className={styles['failedTick']} aria-hidden />
  ) : (
    <i className={styles['traceMark']} aria-hidden />
  );
}

function Cluster({ tick }: { readonly tick: TraceTick }) {
  const { t } = useTranslation();
  const name = useTraceName();
  return (
    <Menu position="bottom" withinPortal>
      <Menu.Target>
        <UnstyledButton
          className={styles['trace']}
          style={{ left: tick.x }}
          aria-label={t('order.journey.cluster', { count: tick.traces.length })}
          title={t('order.journey.cluster', { count: tick.traces.length })}
        >
          <Mark failed={tick.failed} />
          <span className={styles['clusterCount']}>{tick.traces.length}</span>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown mah={320} style={{ overflowY: 'auto' }}>
        {tick.traces.map((trace) => (
          <Menu.Item
            key={trace.traceId}
            renderRoot={(props) => <Link {...props} to="/traces/$traceId" params={{ traceId: trace.traceId }} />}
            leftSection={<Mark failed={trace.errorCount > 0} />}
          >
            {name(trace)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

/** The traces of the order as ticks on the time axis; close ones share a tick that opens a list. */
export function TraceTicks({ ticks }: { readonly ticks: readonly TraceTick[] }) {
  const { t } = useTranslation();
  const name = useTraceName();
  return (
    <div className={styles['traces']} role="group" aria-label={t('order.journey.traces')}>
      {ticks.map((tick) => {
        const [trace] = tick.traces;
        if (trace === undefined) return null;
        if (tick.traces.length > 1) return <Cluster key={trace.traceId} tick={tick} />;
        return (
          <Tooltip key={trace.traceId} label={name(trace)} openDelay={80}>
            <Link
              to="/traces/$traceId"
              params={{ traceId: trace.traceId }}
              className={styles['trace']}
              style={{ left: tick.x }}
              aria-label={name(trace)}
            >
              <Mark failed={tick.failed} />
            </Link>
          </Tooltip>
        );
      })}
    </div>
  );
}
