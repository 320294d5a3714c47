import { type ServiceColor, serviceColors } from '../trace/service-color.ts';
import styles from './parts.module.css';

/** The name of a service with its colour; without `color` the one its name gives it anywhere. */
export function ServiceName({
  service,
  color,
}: {
  readonly service: string;
  readonly color?: ServiceColor | undefined;
}) {
  const chosen = color ?? serviceColors([service]).get(service) ?? 'blue';
  return (
    <span className={styles['service']}>
      <i style={{ background: `var(--wb-service-${chosen})` }} aria-hidden />
      {service}
    </span>
  );
}
