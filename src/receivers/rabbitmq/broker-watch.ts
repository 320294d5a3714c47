import type { RabbitmqBrokerConfig } from './config.ts';
import type { Coverage } from './coverage.ts';
import { Management } from './management.ts';

/** What a look at the broker through its management plugin found. */
export interface Look {
  readonly alarm: 'memory_alarm' | 'disk_alarm' | undefined;
  /** Publications and deliveries a second since the last look, all queues; undefined at the first look. */
  readonly activity: number | undefined;
  readonly tracing: 'on' | 'off' | undefined;
  /** Whether tracing was off and this look switched it on. */
  readonly switchedOn: boolean;
}

const NOTHING: Look = { alarm: undefined, activity: undefined, tracing: undefined, switchedOn: false };

/** Looks at a broker from outside, as far as credentials for its management plugin allow. */
export class BrokerWatch {
  readonly #config: RabbitmqBrokerConfig;
  readonly #coverage: Coverage;
  readonly #serialise: <T>(work: () => Promise<T>) => Promise<T>;
  readonly #reader: Management | undefined;
  readonly #admin: Management | undefined;
  #last: { total: number; at: number } | undefined;
  #failing = 0;

  constructor(
    config: RabbitmqBrokerConfig,
    coverage: Coverage,
    /** Before 4.2.9 and 4.3.3 switching on several virtual hosts at once could lose some. */
    serialise: <T>(work: () => Promise<T>) => Promise<T>,
  ) {
    this.#config = config;
    this.#coverage = coverage;
    this.#serialise = serialise;
    const { management, admin } = config;
    if (management === undefined) return;
    const url = new URL(config.url.reveal());
    const user = management.user ?? decodeURIComponent(url.username);
    const password = management.password ?? config.url.derive((text) => decodeURIComponent(new URL(text).password));
    this.#reader = new Management({ url: management.url, user, password });
    if (admin !== undefined) this.#admin = new Management({ url: management.url, ...admin });
  }

  /** Looks that failed in a row. */
  get failures(): number {
    return this.#failing;
  }

  /** Asks for a connection's client; undefined where there is nobody to ask. */
  get reader(): Management | undefined {
    return this.#reader;
  }

  /** Whether it can switch tracing on. */
  get isAdmin(): boolean {
    return this.#admin !== undefined;
  }

  /** Looks once. Never rejects: what cannot be seen is undefined. @param now milliseconds, monotonic */
  async look(now: number): Promise<Look> {
    const reader = this.#reader;
    if (reader === undefined) return NOTHING;
    const admin = this.#admin;
    const [alarm, activity, tracing] = await Promise.allSettled([
      reader.alarm(),
      this.#count(reader, now),
      admin === undefined ? Promise.resolve(undefined) : this.#assertTracing(admin),
    ]);
    const hasFailed = [alarm, activity, tracing].some(({ status }) => status === 'rejected');
    this.#failing = hasFailed ? this.#failing + 1 : 0;
    const traced = tracing.status === 'fulfilled' ? tracing.value : undefined;
    return {
      alarm: alarm.status === 'fulfilled' ? alarm.value : undefined,
      activity: activity.status === 'fulfilled' ? activity.value : undefined,
      tracing: traced === undefined ? undefined : 'on',
      switchedOn: traced === 'switched_on',
    };
  }

  async #count(reader: Management, now: number): Promise<number | undefined> {
    const counters = (await reader.counters(this.#config.vhost)).filter(({ queue }) => !queue.startsWith('trace.'));
    this.#coverage.count(counters, this.#last === undefined);
    const total = counters.reduce((sum, { published, delivered }) => sum + published + delivered, 0);
    const last = this.#last;
    this.#last = { total, at: now };
    if (last === undefined || now <= last.at) return undefined;
    return Math.max(0, ((total - last.total) * 1000) / (now - last.at));
  }

  #assertTracing(admin: Management): Promise<'on' | 'switched_on'> {
    return this.#serialise(async () => {
      if (await admin.tracing(this.#config.vhost)) return 'on';
      await admin.switchTracingOn(this.#config.vhost);
      return 'switched_on';
    });
  }
}
