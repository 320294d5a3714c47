import { constants } from 'node:fs';
import { access, readFile, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { parseLifecycle } from '../../lifecycle/parse.ts';
import { formatProblem } from '../../lifecycle/problem.ts';
import { WaybillError } from '../../model/errors.ts';
import { type Config, loadConfig } from '../config.ts';
import { type Check, ok, problem, warning } from './check.ts';
import { ownerOfPort } from './port-owner.ts';

const GIBIBYTE = 1024 ** 3;
/** Bytes that should be free where the data are. */
const FREE_BYTES = { warning: 5 * GIBIBYTE, problem: GIBIBYTE };
/** Problems of a lifecycle that are shown; `waybill lifecycle check` shows all. */
const MAX_PROBLEMS = 3;

/** Reads a configuration file; a wrong one is a problem and no configuration. */
export function checkConfig(
  file: string,
  environment: Readonly<Record<string, string | undefined>>,
): { readonly check: Check; readonly config: Config | undefined } {
  try {
    const config = loadConfig({ file, environment });
    return { check: ok('configuration', `${file} is valid`), config };
  } catch (error) {
    if (!(error instanceof WaybillError)) throw error;
    return { check: problem('configuration', error.message, error.remedy ?? 'correct the file'), config: undefined };
  }
}

/** Looks at everything on this machine that a configuration names. */
export async function checkLocally(config: Config, isServerUp: boolean): Promise<Check[]> {
  const [lifecycle, data, ...ports] = await Promise.all([
    checkLifecycle(config.lifecycle.file),
    checkDataDirectory(config.dataDir),
    ...listenersOf(config).map((listener) => checkPort(listener, isServerUp)),
  ]);
  return [lifecycle, ...data, ...ports];
}

async function checkLifecycle(file: string): Promise<Check> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) {
    return problem('lifecycle', `${file} cannot be read`, 'set lifecycle.file to an existing definition');
  }
  const result = parseLifecycle(text, file);
  if (result.kind === 'ok') {
    const { name, version, statuses } = result.lifecycle;
    return ok('lifecycle', `${name} version ${version} is sound: ${statuses.length} statuses`);
  }
  const shown = result.problems.slice(0, MAX_PROBLEMS).map((each) => formatProblem(file, each));
  return problem('lifecycle', shown.join('\n'), `waybill lifecycle check ${file}`);
}

async function checkDataDirectory(directory: string): Promise<Check[]> {
  const place = await existing(directory);
  const isWritable = await access(place, constants.R_OK | constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
  const isNew = place !== directory;
  const writable = isWritable
    ? ok('data directory', isNew ? `${directory} will be made` : `${directory} is writable`)
    : problem(
        'data directory',
        `this user may not write to ${place}`,
        'give it the directory, or set dataDir to another',
      );
  const { bavail, bsize } = await statfs(place);
  const free = bavail * bsize;
  const reason = `${(free / GIBIBYTE).toFixed(1)} GiB are free for ${directory}`;
  const remedy = 'make room, set dataDir to a larger disk, or lower store.retentionDays';
  if (free < FREE_BYTES.problem) return [writable, problem('disk', reason, remedy)];
  return [writable, free < FREE_BYTES.warning ? warning('disk', reason, remedy) : ok('disk', reason)];
}

/** The directory, or the nearest one above it that exists. */
async function existing(directory: string): Promise<string> {
  for (let place = directory; ; place = dirname(place)) {
    const isThere = await access(place).then(
      () => true,
      () => false,
    );
    if (isThere || place === dirname(place)) return place;
  }
}

interface Listener {
  readonly what: string;
  readonly key: string;
  readonly host: string;
  readonly port: number;
}

/** Where `waybill serve` would listen; ports that the system chooses are left out. */
function listenersOf({ http, otlp, metrics }: Config): Listener[] {
  return [
    { what: 'pages and API', key: 'http.port', ...http, enabled: true },
    { what: 'OTLP over HTTP', key: 'otlp.http.port', ...otlp.http },
    { what: 'OTLP over gRPC', key: 'otlp.grpc.port', ...otlp.grpc },
    { what: 'metrics', key: 'metrics.prometheus.port', ...metrics.prometheus },
  ].filter(({ enabled, port }) => enabled && port !== 0);
}

async function checkPort({ what, key, host, port }: Listener, isServerUp: boolean): Promise<Check> {
  const place = `${host}:${port} (${what})`;
  const code = await tryListening(host, port);
  if (code === undefined) {
    return isServerUp
      ? warning('port', `${place} is free, though a Waybill runs`, 'the running one may have another configuration')
      : ok('port', `${place} is free`);
  }
  if (code === 'EADDRINUSE') {
    const owner = await ownerOfPort(port);
    const taken = `${place} is taken${owner === undefined ? '' : ` by ${owner}`}`;
    return isServerUp ? ok('port', taken) : problem('port', taken, `stop that program, or set ${key} to a free port`);
  }
  if (code === 'EACCES') return problem('port', `this user may not listen on ${place}`, `set ${key} above 1023`);
  return problem('port', `${place} cannot be listened on (${code})`, `check host and port at ${key}`);
}

/** The code of the error; undefined where it can be listened on. */
function tryListening(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown error'));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
