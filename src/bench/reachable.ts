import { connect } from 'node:net';
import { urlToHttpOptions } from 'node:url';
import { system } from '../api/contract/system.ts';
import { WaybillError } from '../model/errors.ts';
import { processTree } from './processes.ts';
import { errorCode } from './sender.ts';
import type { Sight } from './settle.ts';

const ANSWER_WITHIN_MS = 10_000;

/**
 * Looks before a run whether there is somebody to be measured.
 *
 * Throws WaybillError `invalid_argument` where nobody listens at the target, where there is no such process, or where the API (base URL) is
 * none of a Waybill.
 */
export async function checkReachable(target: string, { api, pid }: Pick<Sight, 'api' | 'pid'>): Promise<void> {
  if (pid !== undefined && processTree(pid).length === 0) {
    throw new WaybillError('invalid_argument', `there is no process ${pid} on this machine`, {
      remedy: '--pid is the process of the target: its CPU and memory are measured with those of its children',
    });
  }
  await checkTarget(new URL(target));
  if (api !== undefined) await checkApi(api);
}

function checkTarget(target: URL): Promise<void> {
  const { protocol, hostname, port } = urlToHttpOptions(target);
  return new Promise((resolve, reject) => {
    const fail = (reason: string): void => {
      socket.destroy();
      const remedy = 'start the receiver first; --target is its OTLP endpoint, like http://127.0.0.1:4318';
      reject(new WaybillError('invalid_argument', `nobody listens at ${target.origin} (${reason})`, { remedy }));
    };
    const socket = connect({ host: hostname ?? '', port: Number(port) || (protocol === 'https:' ? 443 : 80) });
    socket.setTimeout(ANSWER_WITHIN_MS, () => fail('no answer'));
    socket.on('error', (error) => fail(errorCode(error)));
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
  });
}

async function checkApi(api: string): Promise<void> {
  const remedy =
    '--api is the URL of the pages, like http://127.0.0.1:8080; leave it out where the target is no Waybill';
  const fail = (reason: string): never => {
    throw new WaybillError('invalid_argument', `${api} is not the API of a Waybill (${reason})`, { remedy });
  };
  if (!URL.canParse(api)) return fail('not a URL');
  const answer = await fetch(`${api}/api/system`, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) }).catch(
    (error: unknown) => fail(errorCode(error instanceof Error ? (error.cause ?? error) : error)),
  );
  if (!answer.ok) return fail(`HTTP ${answer.status}`);
  if (!system.safeParse(await answer.json().catch(() => undefined)).success) return fail('another answer');
}
