import { ZodError } from 'zod';
import { deadLetters } from '../../api/contract/dead-letters.ts';
import { system } from '../../api/contract/system.ts';
import { WaybillError } from '../../model/errors.ts';
import { ServerClient } from '../server-client.ts';
import { packageVersion } from '../version.ts';
import { type Check, type CheckState, problem } from './check.ts';
import { judgeDeadLetters } from './judge-broker.ts';
import { judgeServer } from './judge-server.ts';
import { checkConfig, checkLocally } from './local-checks.ts';

const DEFAULT_SERVER = 'http://127.0.0.1:8080';

/** Flags of `waybill doctor`. */
export interface DoctorFlags {
  readonly server?: string;
  readonly config?: string;
  readonly json?: boolean;
}

/** What the doctor found. */
export interface Findings {
  readonly checks: readonly Check[];
  /** False where no Waybill could be asked. */
  readonly wasAsked: boolean;
}

/** `waybill doctor`: exit code 0 where nothing is broken (warnings are no failure), 1 where something is, 2 where no Waybill could be asked. */
export async function doctor(flags: DoctorFlags): Promise<void> {
  const { checks, wasAsked } = await examine(flags, process.env);
  const exitCode = !wasAsked ? 2 : checks.some(({ state }) => state === 'problem') ? 1 : 0;
  process.exitCode = exitCode;
  const text =
    flags.json === true ? `${JSON.stringify({ exitCode, wasAsked, checks }, undefined, 2)}\n` : toTable(checks);
  process.stdout.write(text);
}

/** Looks at a configuration where one is given, and asks the server that it describes or that is named. */
export async function examine(
  flags: DoctorFlags,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Findings> {
  const local = flags.config === undefined ? undefined : checkConfig(flags.config, environment);
  const { http } = local?.config ?? {};
  const server = flags.server ?? (http === undefined ? DEFAULT_SERVER : addressOf(http));
  const asked = await askServer(server);
  const here = local?.config === undefined ? [] : await checkLocally(local.config, asked.wasAsked);
  return {
    wasAsked: asked.wasAsked,
    checks: [...(local === undefined ? [] : [local.check]), ...here, ...asked.checks],
  };
}

async function askServer(address: string): Promise<Findings> {
  const client = new ServerClient(address);
  try {
    const answer = await client.get('/api/system', system);
    const checks = judgeServer(answer, packageVersion());
    if (!answer.store.ok || answer.rabbitmq.length === 0) return { wasAsked: true, checks };
    return { wasAsked: true, checks: [...checks, ...(await askDeadLetters(client))] };
  } catch (error) {
    return { wasAsked: false, checks: [refusalOf(error, address)] };
  }
}

async function askDeadLetters(client: ServerClient): Promise<Check[]> {
  try {
    return judgeDeadLetters(await client.get('/api/dead-letters?limit=1', deadLetters));
  } catch (error) {
    return [refusalOf(error, 'dead letters')];
  }
}

function refusalOf(error: unknown, what: string): Check {
  if (error instanceof WaybillError) return problem('server', error.message, error.remedy ?? 'see its log');
  if (error instanceof ZodError) {
    const remedy = 'use the command of the version that runs there';
    return problem('server', `the answer of ${what} is not one of this version`, remedy);
  }
  throw error;
}

/** Every address is reached over loopback. */
function addressOf({ host, port }: { readonly host: string; readonly port: number }): string {
  const name = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${port}`;
}

const SIGNS: Readonly<Record<CheckState, string>> = { ok: 'ok      ', warning: 'warning ', problem: 'PROBLEM ' };

/** The checks as text, one after the other, with what to do below each that is not ok. */
export function toTable(checks: readonly Check[]): string {
  const width = Math.max(...checks.map(({ what }) => what.length));
  const indent = ' '.repeat(SIGNS.ok.length + width + 2);
  const lines = checks.flatMap(({ what, state, reason, remedy }) => [
    `${SIGNS[state]}${what.padEnd(width)}  ${reason.replaceAll('\n', `\n${indent}`)}`,
    ...(remedy === null ? [] : [`${indent}→ ${remedy}`]),
  ]);
  const count = (wanted: CheckState): number => checks.filter(({ state }) => state === wanted).length;
  return `${lines.join('\n')}\n\nok: ${count('ok')}, warnings: ${count('warning')}, problems: ${count('problem')}\n`;
}
