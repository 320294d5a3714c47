import type { Latency } from './histogram.ts';
import type { BenchResult } from './result.ts';

/** A result as lines for people. */
export function formatResult(result: BenchResult): string {
  const { load, ledger, stored, cpu, disk, limit, memory } = result;
  const shape = `${load.protocol} ${load.encoding}${load.gzip ? ' gzip' : ''}`;
  const rows: [string, string][] = [
    [
      'load',
      `${shape}, ${load.batch} spans a request, ${load.cardinality} cardinality, ${load.connections} connections`,
    ],
    ['span', `${fixed(load.bodyBytesPerSpan)} bytes as encoded, ${fixed(load.wireBytesPerSpan)} as sent`],
    ['rate', load.rate === null ? 'closed loop' : `open loop, ${whole(load.rate)} spans/s`],
    ['acknowledged', `${whole(result.acknowledgedPerSecond)} spans/s`],
    ['latency', formatLatency(result.latency)],
    [
      'ledger',
      `${whole(ledger.offered)} offered = ${whole(ledger.acknowledged)} acknowledged + ${whole(ledger.rejectedRetryable)} refused for now + ` +
        `${whole(ledger.rejectedForGood)} for good + ${whole(ledger.failed)} failed + ${whole(ledger.unsent)} not sent`,
    ],
  ];
  if (stored !== null) {
    rows.push([
      'stored',
      `${whole(stored.stored)} with warm-up: ${whole(stored.missing)} missing, ${whole(stored.duplicates)} duplicates, ${whole(stored.wrong)} wrong`,
    ]);
  }
  for (const [answer, requests] of Object.entries(result.answers)) rows.push([answer, `${whole(requests)} requests`]);
  if (cpu !== null) {
    rows.push(['cost, store included', `${whole(cpu.spansPerCpuSecond)} spans per CPU-second`]);
    const shares = cpu.processes.map(({ name, seconds }) => `${name} ${fixed(seconds)} s`).join(', ');
    rows.push(['CPU', `${fixed(cpu.seconds)} s, ${fixed(cpu.loadSeconds)} s during the load; at the end ${shares}`]);
    if (!cpu.cameToRest) rows.push(['', 'it did not come to rest in time: the cost is not complete']);
  }
  if (limit !== null) {
    rows.push([
      'of the limit',
      `${(limit.fraction * 100).toFixed(1)} % of ${whole(limit.spansPerCpuSecond)} spans/s of one core`,
    ]);
  }
  if (memory !== null) rows.push(['memory', `${whole(memory.maxRssBytes / 1e6)} MB at most`]);
  if (disk !== null) {
    rows.push([
      'disk',
      `${fixed(disk.bytesPerSpan)} bytes a span, of these ${fixed(disk.spanTableBytesPerSpan)} the span itself`,
    ]);
  }
  if (result.freshness !== null) rows.push(['freshness', formatLatency(result.freshness)]);
  rows.push(['generator', `${fixed(result.generatorCpuSeconds)} CPU-seconds`]);
  for (const warning of result.warnings) rows.push(['careful', warning]);
  return rows.map(([name, text]) => `${name.padEnd(22)} ${text}\n`).join('');
}

/** Percentiles in milliseconds. */
export function formatLatency({ p50, p95, p99, p999, max }: Latency): string {
  return `p50 ${ms(p50)} ms, p95 ${ms(p95)}, p99 ${ms(p99)}, p99.9 ${ms(p999)}, max ${ms(max)}`;
}

function ms(value: number | null): string {
  return value === null ? '–' : value.toFixed(1);
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}

function fixed(value: number): string {
  return value.toFixed(1);
}
