import type { DeadLetters } from '../../api/contract/dead-letters.ts';
import type { BrokerStatus } from '../../api/contract/system.ts';
import { type Check, ok, problem, warning } from './check.ts';

/** A share of events seen below this is worth a look; counters of brokers are some seconds late, so a little is always missing. */
const ENOUGH_COVERAGE = 0.95;
/** Figures say something from this many events on. */
const ENOUGH_EVENTS = 1000;

/** Judges the tracer of one virtual host and the watch over its queues. */
export function judgeBroker(broker: BrokerStatus): Check[] {
  const what = `RabbitMQ ${broker.name}`;
  return [
    connectionOf(what, broker),
    ...tracingOf(what, broker),
    ...coverageOf(what, broker),
    ...samplingOf(what, broker),
  ];
}

function connectionOf(what: string, { state, reason, remedy, failures, address }: BrokerStatus): Check {
  const why = reason ?? 'no reason is known';
  const how = remedy ?? 'see docs/rabbitmq.md';
  const attempts = failures > 1 ? `, ${failures} attempts in a row` : '';
  if (state === 'failed') return problem(what, `${address}: ${why}${attempts}`, how);
  if (state === 'connecting') {
    return failures > 0
      ? problem(what, `${address}: not connected: ${why}${attempts}`, how)
      : warning(what, `${address}: is being connected`, 'ask again in some seconds');
  }
  if (state === 'paused') return warning(what, `the tracer is paused: ${why}`, how);
  if (state === 'stopped') return problem(what, 'the tracer is stopped', 'start Waybill again');
  return reason === null ? ok(what, `${address}: connected`) : warning(what, why, how);
}

function tracingOf(what: string, { state, tracing, vhost }: BrokerStatus): Check[] {
  if (state !== 'running') return [];
  if (tracing === 'off') {
    return [
      problem(
        `${what}, tracing`,
        'tracing is off: no message is seen',
        `run \`rabbitmqctl trace_on -p ${vhost}\` on every node, or configure \`admin\` for this broker`,
      ),
    ];
  }
  return tracing === 'on' ? [ok(`${what}, tracing`, 'tracing is on')] : [];
}

function coverageOf(what: string, { state, coverage, estimatedLost }: BrokerStatus): Check[] {
  if (state !== 'running' || coverage === null || coverage.share === null) return [];
  const percent = `${Math.floor(coverage.share * 1000) / 10} %`;
  const seen = `${percent} of ${coverage.counted} publications and deliveries were seen`;
  if (coverage.share >= ENOUGH_COVERAGE || coverage.counted < ENOUGH_EVENTS) return [ok(`${what}, coverage`, seen)];
  const lost = estimatedLost === null ? '' : `; about ${estimatedLost} events never arrived`;
  const remedy =
    'raise queue.maxLength and guard.maxRate where the broker can bear it, or switch tracing on on every node';
  return [warning(`${what}, coverage`, seen + lost, remedy)];
}

function samplingOf(what: string, { sampling }: BrokerStatus): Check[] {
  const name = `${what}, queues`;
  if (sampling === null || sampling.state === 'off') {
    return [
      warning(
        name,
        'depths and dead letters are not watched',
        'configure `management` or `prometheus` for this broker',
      ),
    ];
  }
  if (sampling.state === 'failing') {
    const failure = (sampling.failure ?? 'unknown').replaceAll('_', ' ');
    return [problem(name, `queues are not sampled: ${failure}`, sampling.remedy ?? 'see docs/rabbitmq.md')];
  }
  if (sampling.state === 'starting') return [warning(name, 'no sample yet', 'ask again in some seconds')];
  const { queuesLeftOut: leftOut } = sampling;
  if (leftOut > 0) return [warning(name, `${leftOut} queues are not sampled`, 'raise sampling.maxQueues')];
  return [ok(name, 'depths are sampled')];
}

/** Judges how dead letters are seen. */
export function judgeDeadLetters({ queues, lost }: Pick<DeadLetters, 'queues' | 'lost'>): Check[] {
  const what = 'dead letters';
  const forbidden = queues.filter(({ watchLimit }) => watchLimit === 'not_permitted').map(({ queue }) => queue);
  const beyond = queues.filter(({ watchLimit }) => watchLimit === 'too_many').map(({ queue }) => queue);
  const checks: Check[] = [];
  if (forbidden.length > 0) {
    const remedy = 'let the user read their dead-letter exchanges: docs/rabbitmq.md has the command';
    checks.push(warning(what, `the user may not watch ${listed(forbidden)}`, remedy));
  }
  if (beyond.length > 0) checks.push(warning(what, `${listed(beyond)} are not watched`, 'raise deadLetters.maxQueues'));
  if (lost.length > 0) {
    const names = listed(lost.map(({ queue }) => queue));
    const remedy = 'declare their dead-letter exchange and bind a queue to it';
    checks.push(warning(what, `the broker drops what dies in ${names}`, remedy));
  }
  const watched = queues.filter(({ watch }) => watch === 'shadow').length;
  return checks.length > 0 || queues.length === 0
    ? checks
    : [ok(what, `${watched} of ${queues.length} queues are watched`)];
}

/** Names, the first few of them. */
function listed(names: readonly string[]): string {
  const more = names.length - 3;
  return names.slice(0, 3).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
