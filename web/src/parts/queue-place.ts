/** Where a queue is. */
export interface Place {
  /** Name of the configured broker. */
  readonly broker: string;
  readonly vhost: string;
}

/** Whether names of queues need the name of their broker beside them. */
export function hasSeveralBrokers(places: readonly Place[]): boolean {
  return new Set(places.map(({ broker }) => broker)).size > 1;
}

/** What tells a queue from others of its name: the broker where there are several, and a virtual host that is not the usual one; else empty. */
export function placeNote({ broker, vhost }: Place, severalBrokers: boolean): string {
  return [severalBrokers ? broker : '', vhost === '/' ? '' : vhost].filter((part) => part !== '').join(' ');
}
