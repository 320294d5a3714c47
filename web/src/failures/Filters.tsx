import { SegmentedControl, Select } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { failureClass } from '../../../src/api/contract/index.ts';
import type { FailureFilters as Filters } from '../data/queries.ts';
import { ClearFilters } from '../parts/Controls.tsx';
import { useLifecycleView } from '../parts/lifecycle-view.ts';
import styles from './failures.module.css';

interface FiltersProps {
  readonly filters: Filters;
  /** The services to choose from. */
  readonly services: readonly string[];
  readonly change: (filters: Filters) => void;
}

/** The values to choose from, with the chosen one also where it is not among them: it may come from a link. */
function withChosen(values: readonly string[], chosen: string | undefined): string[] {
  return chosen === undefined || values.includes(chosen) ? [...values] : [...values, chosen];
}

/** What the failures are narrowed to: class, service, status. */
export function FailureFilters({ filters, services, change }: FiltersProps) {
  const { t } = useTranslation();
  const view = useLifecycleView();
  const statuses = view.lifecycle?.statuses.map(({ id }) => id) ?? [];
  const { since, ...narrowed } = filters;
  const any = Object.values(narrowed).some((value) => value !== undefined);
  const shared = { size: 'xs', clearable: true, comboboxProps: { width: 'max-content' } } as const;
  return (
    <div className="wb-filters">
      <SegmentedControl
        size="xs"
        aria-label={t('failures.class')}
        value={filters.class ?? 'all'}
        data={[
          { value: 'all', label: t('failures.anyClass') },
          ...failureClass.options.map((value) => ({ value, label: t(`failure.classes.${value}`) })),
        ]}
        onChange={(value) => change({ ...filters, class: failureClass.safeParse(value).data })}
      />
      <Select
        {...shared}
        className={styles['choice'] ?? ''}
        aria-label={t('failures.service')}
        placeholder={t('failures.anyService')}
        data={withChosen(services, filters.service)}
        value={filters.service ?? null}
        onChange={(service) => change({ ...filters, service: service ?? undefined })}
        searchable
      />
      <Select
        {...shared}
        className={styles['choice'] ?? ''}
        aria-label={t('orders.status')}
        placeholder={t('orders.anyStatus')}
        data={withChosen(statuses, filters.status).map((value) => ({ value, label: view.status(value) }))}
        value={filters.status ?? null}
        onChange={(status) => change({ ...filters, status: status ?? undefined })}
        searchable
      />
      {any ? <ClearFilters clear={() => change({ since })} /> : null}
    </div>
  );
}
