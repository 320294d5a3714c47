import { describe, expect, it } from 'vitest';
import type { BrokerStatus, System } from '../../api/contract/system.ts';
import { judgeDeadLetters } from './judge-broker.ts';
import { judgeServer } from './judge-server.ts';
import { listeningSockets } from './port-owner.ts';

const HEALTHY: System = {
  version: '0.1.0',
  now: '2026-11-22T12:00:00.000Z',
  startedAt: '2026-11-22T10:00:00.000Z',
  ingest: {
    spansAccepted: 5000,
    spansRefused: 0,
    logRecordsAccepted: 0,
    logRecordsRefused: 0,
    dataPointsAccepted: 0,
    dataPointsRefused: 0,
    requestsRefused: 0,
    redactedValues: 3,
  },
  journal: { segments: 1, bytes: 1000, limitBytes: 1_000_000, lagMs: 200 },
  projector: { lagMs: 300, refoldedOrders: 9, failures: 0, rejudging: 0, breakingDown: 0 },
  store: { embedded: true, ok: true, restarts: 0 },
  rabbitmq: [],
  drops: [],
};

const BROKER: BrokerStatus = {
  name: 'broker:5672/',
  address: 'broker:5672',
  broker: 'broker:5672',
  vhost: '/',
  state: 'running',
  since: '2026-11-22T10:00:00.000Z',
  reason: null,
  remedy: null,
  failures: 0,
  tracing: 'on',
  published: 2000,
  delivered: 2000,
  malformed: 0,
  repeated: 0,
  dropped: 0,
  unreliable: 0,
  estimatedLost: 0,
  backlog: 0,
  lagMs: 10,
  pauses: 0,
  coverage: { seen: 3990, counted: 4000, share: 0.9975 },
  sampling: {
    state: 'ok',
    failure: null,
    remedy: null,
    since: '2026-11-22T10:00:00.000Z',
    queuesLeftOut: 0,
    counters: null,
  },
};

const judge = (change: Partial<System>) => judgeServer({ ...HEALTHY, ...change }, '0.1.0');
const withBroker = (change: Partial<BrokerStatus>) => judge({ rabbitmq: [{ ...BROKER, ...change }] });
const findings = (checks: ReturnType<typeof judge>) =>
  checks.filter(({ state }) => state !== 'ok').map(({ what, state }) => `${state} ${what}`);

describe('the doctor', () => {
  it('has nothing to say of a Waybill and a broker that are well', () => {
    expect(findings(withBroker({}))).toEqual([]);
    expect(withBroker({}).every(({ remedy }) => remedy === null)).toBe(true);
  });

  it('has a remedy for everything that is not ok', () => {
    const ill = judge({
      store: { embedded: false, ok: false, restarts: 0 },
      journal: { segments: 900, bytes: 950_000, limitBytes: 1_000_000, lagMs: 20_000 },
      projector: { lagMs: 500_000, refoldedOrders: 0, failures: 4, rejudging: 0, breakingDown: 0 },
      drops: [
        { what: 'segment_set_aside', count: 1 },
        { what: 'value_truncated', count: 7 },
      ],
    });
    expect(findings(ill)).toEqual([
      'problem store',
      'problem journal',
      'problem orders',
      'problem drops',
      'warning drops',
    ]);
    expect(ill.filter(({ state }) => state !== 'ok').every(({ remedy }) => (remedy ?? '') !== '')).toBe(true);
  });

  const brokers: readonly [string, Partial<BrokerStatus>, string[]][] = [
    [
      'a broker that is away',
      { state: 'failed', reason: 'the broker cannot be reached (ECONNREFUSED)', remedy: 'start it', failures: 7 },
      ['problem RabbitMQ broker:5672/'],
    ],
    ['tracing that is off', { tracing: 'off' }, ['problem RabbitMQ broker:5672/, tracing']],
    ['a tracer that pauses', { state: 'paused', reason: 'too many events' }, ['warning RabbitMQ broker:5672/']],
    [
      'events that are lost',
      { coverage: { seen: 2000, counted: 4000, share: 0.5 }, estimatedLost: 2000 },
      ['warning RabbitMQ broker:5672/, coverage'],
    ],
    [
      'a wrong password of the management plugin',
      {
        sampling: {
          state: 'failing',
          failure: 'wrong_credentials',
          remedy: 'check user and password under management',
          since: HEALTHY.now,
          queuesLeftOut: 0,
          counters: null,
        },
      },
      ['problem RabbitMQ broker:5672/, queues'],
    ],
  ];
  it.each(brokers)('names %s', (_name, change, expected) => {
    expect(findings(withBroker(change))).toEqual(expected);
  });

  it('passes the reason and the remedy of the broker on', () => {
    const [found] = withBroker({ state: 'failed', reason: 'user or password', remedy: 'check the url' }).filter(
      ({ state }) => state === 'problem',
    );
    expect(found).toMatchObject({ reason: expect.stringContaining('user or password'), remedy: 'check the url' });
  });

  it('suspects services of sampling where messages come without spans', () => {
    const ingest = { ...HEALTHY.ingest, spansAccepted: 200 };
    expect(findings(judge({ ingest, rabbitmq: [BROKER] }))).toEqual(['warning sampling']);
    expect(findings(judge({ ingest, rabbitmq: [{ ...BROKER, published: 100 }] }))).toEqual([]);
  });

  it('wonders why nothing arrives only after a while', () => {
    const ingest = { ...HEALTHY.ingest, spansAccepted: 0 };
    expect(findings(judge({ ingest }))).toEqual(['warning intake']);
    expect(findings(judge({ ingest, startedAt: '2026-11-22T11:59:00.000Z' }))).toEqual([]);
  });

  it('names dead-letter queues that are not watched, and queues whose dead letters are dropped', () => {
    const queue = {
      broker: 'main',
      vhost: '/',
      queue: 'orders.dead',
      depth: 1,
      unacked: 0,
      consumers: 0,
      unresolved: 1,
      sources: [],
      watch: 'none' as const,
      watchLimit: 'not_permitted' as const,
      ageMs: 1,
    };
    const checks = judgeDeadLetters({ queues: [queue], lost: [{ broker: 'main', vhost: '/', queue: 'lost.work' }] });
    expect(checks.map(({ reason }) => reason)).toEqual([
      'the user may not watch orders.dead',
      'the broker drops what dies in lost.work',
    ]);
    expect(findings(judgeDeadLetters({ queues: [{ ...queue, watch: 'shadow', watchLimit: null }], lost: [] }))).toEqual(
      [],
    );
  });

  it('finds the socket that listens on a port', () => {
    const table = [
      '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
      '   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1',
      '   1: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000  1000        0 4712 1',
      '   2: 0100007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4713 1',
    ].join('\n');
    expect(listeningSockets(table, 8080)).toEqual(['4711']);
  });
});
