import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { WaybillError } from '../model/errors.ts';
import { moduleFile } from '../model/module-file.ts';

/** Flags of `waybill bench`, as commander gives them. */
interface BenchFlags {
  readonly target?: string;
  readonly api?: string;
  readonly pid?: number;
  readonly protocol: 'http' | 'grpc';
  readonly encoding: 'protobuf' | 'json';
  readonly gzip?: boolean;
  readonly spanBytes: string;
  readonly cardinality: 'low' | 'medium' | 'high';
  readonly batch: number;
  readonly rate: number | 'max';
  readonly seconds: number;
  readonly warmup: number;
  readonly settle: number;
  readonly connections: number;
  readonly header: Readonly<Record<string, string>>;
  readonly freshness?: boolean;
  readonly json?: string;
}

function between(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!(value >= least && value <= most))
      throw new InvalidArgumentError(`a number from ${least} to ${most} is needed`);
    return value;
  };
}

function rate(text: string): number | 'max' {
  return text === 'max' ? 'max' : between(1, 10_000_000)(text);
}

function powerOfTwo(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(Math.log2(value)) || value > 8192)
    throw new InvalidArgumentError('a power of two from 1 to 8192 is needed');
  return value;
}

function header(text: string, before: Readonly<Record<string, string>>): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('NAME=VALUE is needed');
  return { ...before, [text.slice(0, at).toLowerCase()]: text.slice(at + 1) };
}

/** Adds `waybill bench`. */
export function addBenchCommand(program: Command): void {
  program
    .command('bench')
    .description('Measure an OTLP receiver: what it takes, how fast, at what cost, and whether all of it is kept')
    .option('-t, --target <url>', 'OTLP endpoint (default: a fresh Waybill with its defaults, measured whole)')
    .option('--api <url>', 'pages of the target where it is a Waybill: to see when it is done')
    .option(
      '--pid <pid>',
      'process of the target on this machine: its CPU and memory with all its children',
      between(1, 2 ** 31),
    )
    .addOption(new Option('--protocol <protocol>').choices(['http', 'grpc']).default('http'))
    .addOption(new Option('--encoding <encoding>').choices(['protobuf', 'json']).default('protobuf'))
    .option('--gzip', 'compress every request')
    .addOption(
      new Option('--span-bytes <bytes>', 'of a span in protobuf').choices(['264', '429', '1700']).default('429'),
    )
    .addOption(
      new Option('--cardinality <cardinality>', 'values of one attribute of every span: 16, 10,000, or all different')
        .choices(['low', 'medium', 'high'])
        .default('medium'),
    )
    .option('--batch <spans>', 'spans in a request: a power of two up to 8192', powerOfTwo, 512)
    .option('--rate <spans>', 'spans a second, or max: as fast as requests are acknowledged', rate, 'max')
    .option('--seconds <seconds>', 'length of the load', between(1, 86_400), 20)
    .option('--warmup <seconds>', 'load before it that is not measured', between(0, 3600), 5)
    .option('--settle <seconds>', 'longest wait for the end of the work that the load caused', between(0, 3600), 180)
    .option('--connections <count>', 'requests at the same time', between(1, 1000), 8)
    .option('--header <name=value>', 'sent with every request; may be repeated', header, {})
    .option('--freshness', 'look traces up in the API while the load lasts (needs a fresh Waybill or --api)')
    .option('--json <file>', 'write the result as JSON')
    .action((flags: BenchFlags) => bench(flags));
}

async function bench(flags: BenchFlags): Promise<void> {
  if (flags.protocol === 'grpc' && flags.encoding === 'json') {
    throw new WaybillError('invalid_argument', 'OTLP over gRPC has no JSON encoding', {
      remedy: 'leave out --encoding',
    });
  }
  if (flags.target === undefined && (flags.api !== undefined || flags.pid !== undefined)) {
    throw new WaybillError('invalid_argument', '--api and --pid describe a target', {
      remedy: 'give --target as well',
    });
  }
  // Loaded late: the other commands need none of it.
  const { endOnSignal } = await import('../bench/own-waybill.ts');
  const { runBench } = await import('../bench/run.ts');
  const { formatResult } = await import('../bench/table.ts');
  endOnSignal();
  const { target, api, pid, protocol, encoding, cardinality, batch, connections, seconds } = flags;
  const result = await runBench(
    {
      target: target === undefined ? undefined : urlOf(target),
      api: api?.replace(/\/+$/, ''),
      pid,
      protocol,
      encoding,
      gzip: flags.gzip === true,
      spanBytes: Number(flags.spanBytes),
      cardinality,
      batch,
      connections,
      headers: flags.header,
      rate: flags.rate === 'max' ? undefined : flags.rate,
      seconds,
      warmupSeconds: flags.warmup,
      settleSeconds: flags.settle,
      freshness: flags.freshness === true,
      cli: fileURLToPath(moduleFile(import.meta.url, './cli')),
    },
    (text) => process.stderr.write(`${text}\n`),
  );
  process.stdout.write(formatResult(result));
  if (flags.json !== undefined) await writeFile(flags.json, `${JSON.stringify(result, undefined, 2)}\n`);
  if (result.stored !== null && result.stored.missing + result.stored.duplicates + result.stored.wrong > 0)
    process.exitCode = 1;
}

function urlOf(target: string): string {
  if (URL.canParse(target) && /^https?:/.test(target)) return target;
  throw new WaybillError('invalid_argument', '--target is not a URL', {
    remedy: 'write it like http://127.0.0.1:4318, also for gRPC',
  });
}
