import type { System } from '../../api/contract/system.ts';
import { type Check, ok, problem, warning } from './check.ts';
import { judgeBroker } from './judge-broker.ts';

/** Milliseconds behind from which it is worth a look, and from which something does not work. */
const LAG_MS = { warning: 15_000, problem: 120_000 };
/** Shares of the journal's limit that are taken. */
const FULL = { warning: 0.5, problem: 0.9 };
/** A Waybill that took nothing for this long after its start is probably not reached by anybody. */
const QUIET_AFTER_MS = 300_000;
/** Publications from which the number of spans says something, and the spans that one of them comes with at least. */
const SAMPLED = { publications: 200, spansEach: 0.5 };

/** What a kind of drop means. The first that the cause begins with; what is not here is named as it is. */
const DROPS: readonly { readonly begins: string; readonly state: 'warning' | 'problem'; readonly remedy: string }[] = [
  { begins: 'segment_set_aside', state: 'problem', remedy: 'see the log and journal/refused in the data directory' },
  { begins: 'batch_refused.journal', state: 'problem', remedy: 'the store is behind or the disk is full; see the log' },
  { begins: 'journal_torn', state: 'warning', remedy: 'nothing: what was torn had not been acknowledged' },
  { begins: 'request_refused', state: 'warning', remedy: 'see docs/senders.md and the log of the sender' },
  { begins: 'span_rejected', state: 'warning', remedy: 'see docs/senders.md: these spans break the protocol' },
  { begins: 'firehose_event.refused', state: 'problem', remedy: 'see the log: the pipeline did not take them' },
  { begins: 'firehose_event.lost', state: 'warning', remedy: 'raise queue.maxLength of that broker' },
  { begins: 'firehose_event', state: 'warning', remedy: 'see the log' },
  { begins: 'queue_delay.suppressed', state: 'warning', remedy: 'the tracer lagged; give this machine more CPU' },
  { begins: 'queue_not_sampled', state: 'warning', remedy: 'raise sampling.maxQueues of that broker' },
  { begins: 'dead_letter.refused', state: 'problem', remedy: 'see the log: the pipeline did not take them' },
  { begins: 'dead_letter', state: 'warning', remedy: 'nothing: copies of messages that had not died' },
  { begins: 'breakdown', state: 'warning', remedy: 'figures of work are partial; see the log' },
  { begins: '', state: 'warning', remedy: 'raise the limits under otlp, or send less per span' },
];

/** Judges a running Waybill by what it says of itself (`GET /api/system`). Pure. */
export function judgeServer(system: System, ownVersion: string): Check[] {
  return [
    versionOf(system, ownVersion),
    storeOf(system),
    journalOf(system),
    projectorOf(system),
    intakeOf(system),
    ...(sampledOf(system) ?? []),
    ...system.drops.map(({ what, count }) => dropOf(what, count)),
    ...system.rabbitmq.flatMap(judgeBroker),
  ];
}

function versionOf({ version, startedAt }: System, ownVersion: string): Check {
  if (version === ownVersion) return ok('server', `Waybill ${version} runs since ${startedAt}`);
  const reason = `Waybill ${version} runs, and this command is of ${ownVersion}`;
  return warning('server', reason, 'restart the server after an update, or use the command of its version');
}

function storeOf({ store }: System): Check {
  const kind = store.embedded ? 'the embedded store' : 'the remote store';
  if (!store.ok) {
    const remedy = store.embedded
      ? 'see the log; it is started again by itself, and what arrives meanwhile waits in the journal'
      : 'check that ClickHouse runs and store.url, user and password; what arrives meanwhile waits in the journal';
    return problem('store', `${kind} does not answer`, remedy);
  }
  if (store.restarts === 0) return ok('store', `${kind} answers`);
  const times = store.restarts === 1 ? 'once' : `${store.restarts} times`;
  return warning(
    'store',
    `${kind} answers; it died ${times} since the start`,
    'see the log; store.maxMemoryBytes may be too low',
  );
}

function journalOf({ journal }: System): Check {
  const share = journal.bytes / journal.limitBytes;
  const remedy = 'see whether the store answers and the disk has room; senders are refused when the journal is full';
  const state = levelOf(share, FULL) ?? levelOf(journal.lagMs, LAG_MS);
  const full = `${Math.round(share * 100)} % full, ${seconds(journal.lagMs)} behind`;
  if (state === undefined) return ok('journal', full);
  return { what: 'journal', state: worse(levelOf(share, FULL), levelOf(journal.lagMs, LAG_MS)), reason: full, remedy };
}

function projectorOf({ projector }: System): Check {
  const reason = `orders are ${seconds(projector.lagMs)} behind`;
  const state = levelOf(projector.lagMs, LAG_MS);
  if (state !== undefined) {
    return { what: 'orders', state, reason, remedy: 'see the log; a changed lifecycle or an import takes its time' };
  }
  if (projector.failures > 0) {
    return warning('orders', `${reason}; folding failed ${projector.failures} times since the start`, 'see the log');
  }
  return ok('orders', reason);
}

function intakeOf({ ingest, now, startedAt, rabbitmq }: System): Check {
  const { spansAccepted, logRecordsAccepted, dataPointsAccepted } = ingest;
  const took = `${spansAccepted} spans, ${logRecordsAccepted} log records, ${dataPointsAccepted} data points since the start`;
  const messages = rabbitmq.reduce((sum, { published }) => sum + published, 0);
  const isQuiet = spansAccepted + logRecordsAccepted + dataPointsAccepted + messages === 0;
  if (!isQuiet || Date.parse(now) - Date.parse(startedAt) < QUIET_AFTER_MS) return ok('intake', took);
  const remedy =
    'check the address that services send to (4317 gRPC, 4318 HTTP) and that it is not loopback for them; docs/senders.md';
  return warning('intake', 'nothing has arrived since the start', remedy);
}

/** A publication that is traced comes with a span of its publisher at least. */
function sampledOf({ ingest, rabbitmq }: System): Check[] | undefined {
  const published = rabbitmq.reduce((sum, broker) => sum + broker.published, 0);
  if (published < SAMPLED.publications || ingest.spansAccepted >= published * SAMPLED.spansEach) return undefined;
  const remedy =
    'set the sampling of services to 1.0: Spring Boot keeps 10 % by default (management.tracing.sampling.probability)';
  return [
    warning('sampling', `${published} messages were published, and only ${ingest.spansAccepted} spans came`, remedy),
  ];
}

function dropOf(what: string, count: number): Check {
  const found = DROPS.find(({ begins }) => what.startsWith(begins));
  const { state, remedy } = found ?? { state: 'warning' as const, remedy: 'see the log' };
  return { what: 'drops', state, reason: `${what}: ${count} since the start`, remedy };
}

function levelOf(value: number, bounds: { readonly warning: number; readonly problem: number }) {
  if (value >= bounds.problem) return 'problem' as const;
  return value >= bounds.warning ? ('warning' as const) : undefined;
}

function worse(...states: readonly ('warning' | 'problem' | undefined)[]): 'warning' | 'problem' {
  return states.includes('problem') ? 'problem' : 'warning';
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}
