import { SegmentedControl } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { FAILURE_WINDOWS, type FailureWindow } from '../data/queries.ts';

/** The length of time that a page looks back, as buttons. */
export function WindowChoice({
  value,
  change,
  testId,
}: {
  readonly value: FailureWindow;
  readonly change: (value: FailureWindow) => void;
  readonly testId?: string;
}) {
  const { t } = useTranslation();
  return (
    <SegmentedControl
      size="xs"
      aria-label={t('failures.since')}
      data-testid={testId}
      value={value}
      data={Object.keys(FAILURE_WINDOWS).map((key) => ({
        value: key,
        label: t(`failures.windows.${key as FailureWindow}`),
      }))}
      onChange={(chosen) => change(chosen as FailureWindow)}
    />
  );
}
