import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DemoError, messageOf } from './demo-error.ts';
import { keptSecret } from './server-directory.ts';

/** How Waybill watches the broker that the demo runs. */
export interface BrokerWatch {
  /** Without a password: for the configuration file, which everybody may read. */
  readonly amqp: { readonly host: string; readonly port: number; readonly user: string };
  /** Not for files and logs; Waybill gets it as an environment variable. */
  readonly password: string;
  readonly managementUrl: string;
  readonly prometheusUrl: string;
}

/** Where the broker's plugins listen, and who may administer it. */
export interface Administration {
  readonly managementUrl: string;
  readonly user: string;
  readonly password: string;
}

/** The user with which Waybill watches the demo's broker. */
export const tracerUser = 'waybill';

/**
 * What docs/rabbitmq.md says that Waybill needs: queues of its own, the trace exchange, and to read the exchange that
 * the company's dead letters go to.
 */
const permissions = {
  configure: '^trace\\.',
  write: '^trace\\.',
  read: '^(amq\\.rabbitmq\\.trace|trace\\..*|dlx)$',
};

const vhost = encodeURIComponent('/');
/** The management plugin may come up some seconds after the broker. */
const waitMs = 30_000;

/**
 * Does what an operator does before Waybill may watch: makes the least privileged user and switches tracing on.
 *
 * Idempotent; RabbitMQ forgets tracing at every restart.
 *
 * @param directory keeps the user's password, in a file of mode 0600
 * @returns the password
 * @throws DemoError when the management plugin does not do it within half a minute.
 */
export async function permitTracer(directory: string, administration: Administration): Promise<string> {
  const password = keptSecret(join(directory, 'tracer-password'));
  const put = (path: string, body: object) => putUntilItAnswers(administration, path, body);
  await put(`/api/users/${tracerUser}`, { password, tags: 'monitoring' });
  await put(`/api/permissions/${vhost}/${tracerUser}`, permissions);
  await put(`/api/vhosts/${vhost}`, { tracing: true });
  return password;
}

async function putUntilItAnswers(
  { managementUrl, user, password }: Administration,
  path: string,
  body: object,
): Promise<void> {
  const until = Date.now() + waitMs;
  for (;;) {
    try {
      const response = await fetch(managementUrl + path, {
        method: 'PUT',
        headers: {
          authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(5000),
      });
      await response.body?.cancel();
      if (response.ok) return;
      throw new Error(`it answered ${response.status}`);
    } catch (error) {
      if (Date.now() > until) {
        const message = `RabbitMQ's management plugin refuses PUT ${path}: ${messageOf(error)}.`;
        throw new DemoError(message, { cause: error });
      }
    }
    await sleep(250);
  }
}
