/** One sample of a Prometheus text exposition. */
export interface PrometheusSample {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

const LABEL = /([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"(?:,|$)/gy;

/**
 * Reads samples of the metrics that are asked for out of Prometheus' text format (0.0.4); comments, other metrics, lines that are
 * none, and values that are no finite number are left out. Nothing is built for a line of another metric.
 */
export function* parsePrometheus(text: string, wanted: ReadonlySet<string>): Generator<PrometheusSample> {
  let start = 0;
  while (start < text.length) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    const sample = text.startsWith('#', start) ? undefined : parseLine(text.slice(start, end), wanted);
    if (sample !== undefined) yield sample;
    start = end + 1;
  }
}

function parseLine(line: string, wanted: ReadonlySet<string>): PrometheusSample | undefined {
  const nameEnd = line.search(/[{ ]/);
  if (nameEnd <= 0) return undefined;
  const name = line.slice(0, nameEnd);
  if (!wanted.has(name)) return undefined;
  const close = line[nameEnd] === '{' ? closingBrace(line, nameEnd + 1) : nameEnd - 1;
  if (close === undefined) return undefined;
  const value = Number(
    line
      .slice(close + 1)
      .trim()
      .split(/\s+/)[0] ?? Number.NaN,
  );
  if (!Number.isFinite(value)) return undefined;
  const labels = new Map<string, string>();
  if (close > nameEnd) {
    for (const [, key = '', escaped = ''] of line.slice(nameEnd + 1, close).matchAll(LABEL)) {
      labels.set(key, unescapeLabel(escaped));
    }
  }
  return { name, labels, value };
}

/** Position of the brace that ends the labels: one outside of quotes. */
function closingBrace(line: string, from: number): number | undefined {
  let quoted = false;
  for (let at = from; at < line.length; at += 1) {
    const character = line[at];
    if (quoted && character === '\\') at += 1;
    else if (character === '"') quoted = !quoted;
    else if (character === '}' && !quoted) return at;
  }
  return undefined;
}

function unescapeLabel(text: string): string {
  return text.includes('\\') ? text.replaceAll(/\\(.)/g, (_, next: string) => (next === 'n' ? '\n' : next)) : text;
}
