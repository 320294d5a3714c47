import type { ReactNode } from 'react';
import styles from './parts.module.css';

/** The head of a page: its name (also the name of the browser's tab), a quiet note, and controls at the right. */
export function PageHead({
  title,
  note,
  aside,
}: {
  readonly title: string;
  readonly note?: ReactNode;
  readonly aside?: ReactNode;
}) {
  return (
    <div className={styles['pageHead']}>
      <title>{`${title} · Waybill`}</title>
      <h1 className={styles['pageTitle']}>{title}</h1>
      <span className={styles['pageNote']}>{note}</span>
      <div className={styles['pageAside']}>{aside}</div>
    </div>
  );
}
