import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';

/** Takes every filter of a list away. */
export function ClearFilters({ clear }: { readonly clear: () => void }) {
  const { t } = useTranslation();
  return (
    <Button variant="subtle" size="compact-xs" onClick={clear}>
      {t('orders.reset')}
    </Button>
  );
}

/** Brings the next page of a list; nothing where there is none. */
export function MoreButton({
  query,
}: {
  readonly query: {
    readonly hasNextPage: boolean;
    readonly isFetchingNextPage: boolean;
    readonly fetchNextPage: () => Promise<unknown>;
  };
}) {
  const { t } = useTranslation();
  if (!query.hasNextPage) return null;
  return (
    <Button variant="default" size="xs" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
      {t('orders.more')}
    </Button>
  );
}
