import { useCallback, useState } from 'react';

/** Measures an element before the first paint and whenever it changes; width in whole px, 0 until it is mounted. */
export function useWidth(): {
  readonly ref: (node: HTMLElement | null) => (() => void) | undefined;
  readonly width: number;
} {
  const [width, setWidth] = useState(0);
  const ref = useCallback((node: HTMLElement | null) => {
    if (node === null) return undefined;
    const measure = (): void => {
      // A hidden page has no width; what it had when it was last seen is the better guess.
      if (node.clientWidth > 0) setWidth(Math.floor(node.clientWidth));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(node);
    return () => observer.disconnect();
  }, []);
  return { ref, width };
}
