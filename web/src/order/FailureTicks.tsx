import { Menu, Tooltip, UnstyledButton } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Failure } from '../../../src/api/contract/index.ts';
import { FailureIcon, useFailureText } from '../parts/FailureMarks.tsx';
import styles from './journey.module.css';
import type { FailureTick } from './journey.ts';

function useFailureName(): (failure: Failure) => string {
  const { t } = useTranslation();
  const text = useFailureText();
  return (failure) =>
    t('order.journey.failure', { what: text(failure), outcome: t(`failure.outcomes.${failure.outcome}`) });
}

function Cluster({ tick, of }: { readonly tick: FailureTick; readonly of: Failure['class'] }) {
  const { t } = useTranslation();
  const name = useFailureName();
  const label = t('order.journey.failureCluster', { count: tick.failures.length });
  return (
    <Menu position="bottom" withinPortal>
      <Menu.Target>
        <UnstyledButton className={styles['failure']} style={{ left: tick.x }} aria-label={label} title={label}>
          <FailureIcon of={of} size={16} />
          <span className={styles['failureCount']}>{tick.failures.length}</span>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown mah={320} style={{ overflowY: 'auto' }}>
        {tick.failures.map((failure) => (
          <Menu.Item
            key={`${failure.traceId}:${failure.spanId}`}
            renderRoot={(props) => (
              <Link
                {...props}
                to="/traces/$traceId"
                params={{ traceId: failure.traceId }}
                search={{ span: failure.spanId }}
              />
            )}
            leftSection={<FailureIcon of={failure.class} />}
          >
            {name(failure)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

/** The failures of the order as marks on the time axis, by class; each leads to its span. */
export function FailureTicks({ ticks }: { readonly ticks: readonly FailureTick[] }) {
  const { t } = useTranslation();
  const name = useFailureName();
  return (
    <div className={styles['failures']} role="group" aria-label={t('order.journey.failures')}>
      {ticks.map((tick) => {
        const [failure] = tick.failures;
        if (failure === undefined) return null;
        const key = `${failure.traceId}:${failure.spanId}`;
        if (tick.failures.length > 1) return <Cluster key={key} tick={tick} of={failure.class} />;
        return (
          <Tooltip key={key} label={name(failure)} openDelay={80}>
            <Link
              to="/traces/$traceId"
              params={{ traceId: failure.traceId }}
              search={{ span: failure.spanId }}
              className={styles['failure']}
              style={{ left: tick.x }}
              aria-label={name(failure)}
              data-testid={`journey-failure-${failure.class}`}
            >
              <FailureIcon of={failure.class} size={16} />
            </Link>
          </Tooltip>
        );
      })}
    </div>
  );
}
