/** Levels of the log, least important first. */
export type LogLevel = 'info' | 'warn' | 'error';

/** Writes one line; fields are numbers and short words, never payloads or secrets. */
export type Log = (level: LogLevel, message: string, fields?: Readonly<Record<string, string | number>>) => void;

/** A log that writes lines such as `2026-11-22T17:03:30.123Z warn the store is behind lagMs=1200`. */
export function createLog(write: (line: string) => void, now: () => number): Log {
  return (level, message, fields = {}) => {
    const pairs = Object.entries(fields).map(([name, value]) => ` ${name}=${format(value)}`);
    write(`${new Date(now()).toISOString()} ${level} ${message}${pairs.join('')}\n`);
  };
}

function format(value: string | number): string {
  const text = String(value);
  return /^[\w.:/@-]+$/.test(text) ? text : JSON.stringify(text);
}
