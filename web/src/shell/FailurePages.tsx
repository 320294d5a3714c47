import { Button, Code } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { EmptyState } from '../parts/States.tsx';

/** An address that no route knows. */
export function NotFoundPage() {
  const { t } = useTranslation();
  return (
    <EmptyState
      title={t('error.notFoundPage')}
      hint={t('error.notFoundPageHint')}
      action={
        <Link to="/" className="wb-link">
          {t('error.toMap')}
        </Link>
      }
    />
  );
}

/** A page that threw while drawing. */
export function CrashPage({ error }: { readonly error: unknown }) {
  const { t } = useTranslation();
  return (
    <EmptyState
      title={t('error.crashed')}
      hint={t('error.crashedHint')}
      action={
        <>
          <Code block>{error instanceof Error ? error.message : String(error)}</Code>
          <Button variant="default" size="xs" onClick={() => window.location.reload()}>
            {t('error.reload')}
          </Button>
        </>
      }
    />
  );
}
