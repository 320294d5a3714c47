import type { ReactNode } from 'react';
import styles from './parts.module.css';

interface PanelProps {
  readonly title?: ReactNode;
  /** Stands at the right end of the title line. */
  readonly aside?: ReactNode;
  readonly children: ReactNode;
  /** Without padding, for tables that reach the border. */
  readonly flush?: boolean;
  readonly label?: string | undefined;
  readonly testId?: string | undefined;
}

/** A bordered part of a page. */
export function Panel({ title, aside, children, flush = false, label, testId }: PanelProps) {
  return (
    <section className={styles['panel']} aria-label={label} data-testid={testId}>
      {title === undefined ? null : (
        <header className={styles['panelHead']}>
          <h2 className={styles['panelTitle']}>{title}</h2>
          {aside}
        </header>
      )}
      <div className={flush ? styles['flush'] : styles['panelBody']}>{children}</div>
    </section>
  );
}
