import { useQuery } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useEffect, useState } from 'react';
import { systemQuery } from '../data/queries.ts';
import { epochMs } from '../format/time.ts';

/** Differences of the clocks below this come from the way of the answer; unit ms. */
const TOLERANCE_MS = 2000;

/** How often texts that need no seconds are brought up to date; unit ms. */
const COARSE_MS = 10_000;

const NowContext = createContext(0);
const CoarseNowContext = createContext(0);

/**
 * Gives the time of the server, ticking once a second while the page is visible: ages are computed against the clock
 * that observed the facts, so a wrong clock of the viewer does not make orders look late.
 */
export function NowProvider({ children }: { readonly children: ReactNode }) {
  const { data, dataUpdatedAt } = useQuery(systemQuery);
  const [local, setLocal] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') setLocal(Date.now());
    }, 1000);
    return () => clearInterval(timer);
  }, []);
  const difference = data === undefined ? 0 : epochMs(data.now) - dataUpdatedAt;
  const now = local + (Math.abs(difference) > TOLERANCE_MS ? difference : 0);
  return (
    <NowContext value={now}>
      <CoarseNowContext value={Math.floor(now / COARSE_MS) * COARSE_MS}>{children}</CoarseNowContext>
    </NowContext>
  );
}

/** The time of the server in ms since the epoch, with a new value every second. */
export function useNow(): number {
  return useContext(NowContext);
}

/** The time of the server in ms since the epoch, with a new value every ten seconds; for long tables of times. */
export function useCoarseNow(): number {
  return useContext(CoarseNowContext);
}
