import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { Lifecycle } from '../../../src/api/contract/index.ts';
import { lifecycleQuery } from '../data/queries.ts';
import { useLanguage } from '../i18n/i18n.ts';

/** The lifecycle with its names in the viewer's language; ids stand in while it loads or where it knows no name. */
export interface LifecycleView {
  readonly lifecycle: Lifecycle | undefined;
  status(id: string): string;
  system(id: string): string;
  region(id: string): string;
  targetMs(status: string): number | null;
  final(status: string): boolean;
}

/** The lifecycle in force, ready for display. */
export function useLifecycleView(): LifecycleView {
  const { data: lifecycle } = useQuery(lifecycleQuery);
  const language = useLanguage();
  return useMemo(() => {
    const statuses = new Map(lifecycle?.statuses.map((status) => [status.id, status]));
    const systems = new Map(lifecycle?.systems.map((system) => [system.id, system]));
    const regions = new Map(lifecycle?.regions.map((region) => [region.id, region]));
    return {
      lifecycle,
      status: (id) => statuses.get(id)?.label[language] ?? id,
      system: (id) => systems.get(id)?.label[language] ?? id,
      region: (id) => regions.get(id)?.label[language] ?? id,
      targetMs: (id) => statuses.get(id)?.targetMs ?? null,
      final: (id) => statuses.get(id)?.final ?? false,
    };
  }, [lifecycle, language]);
}
