import type { RabbitmqBrokerConfig } from './config.ts';

/** What a failure of the broker means and what to do about it; nothing of the broker's own text is in it. */
export interface Explanation {
  readonly reason: string;
  readonly remedy: string;
}

/** What was being done when it failed. */
export type Step = 'connect' | 'declare' | 'bind' | 'consume' | 'run';

/** Explains an error of the client library or of a socket by its code. */
export function explainFailure(error: unknown, step: Step, config: RabbitmqBrokerConfig): Explanation {
  const code = codeOf(error);
  if (code === 'ACCESS_REFUSED' && step === 'connect') {
    return {
      reason: 'the broker refused user or password',
      remedy: 'check user and password in the url of this broker',
    };
  }
  if (code === 'NOT_ALLOWED' || (code === 'NOT_FOUND' && step === 'connect')) {
    return {
      reason: `the virtual host ${config.vhost} does not exist, or the user may not enter it`,
      remedy: permissions(config),
    };
  }
  if (code === 'ACCESS_REFUSED') {
    return { reason: `the user may not ${step} (or another Waybill has the queue)`, remedy: permissions(config) };
  }
  if (code === 'RESOURCE_LOCKED') {
    return {
      reason: `the queue ${config.queue.name} belongs to another connection`,
      remedy: 'give each Waybill a queue.name of its own',
    };
  }
  if (code === 'ECONNREFUSED' || code === 'ENOTFOUND' || code === 'EHOSTUNREACH' || code === 'CONNECTION_TIMEOUT') {
    return { reason: `the broker cannot be reached (${code})`, remedy: 'start it, or check host and port of its url' };
  }
  return {
    reason: `the broker ended the connection (${code})`,
    remedy: 'Waybill connects again by itself; the log of the broker says more',
  };
}

/** The command that gives the user exactly what the tracer needs. */
export function permissions({ vhost, queue }: RabbitmqBrokerConfig): string {
  const name = queue.name.startsWith('trace.') ? '^trace\\.' : `^${queue.name}$`;
  return `rabbitmqctl set_permissions -p ${vhost} USER '${name}' '${name}' '^(amq\\.rabbitmq\\.trace|trace\\..*)$'`;
}

function codeOf(error: unknown): string {
  const code: unknown = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[A-Z_0-9]{1,40}$/.test(code) ? code : 'unknown error';
}
