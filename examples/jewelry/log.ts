import { config } from './config.ts';

/** Writes one short line: service, subject (an order id where there is one), what happened. Never personal data. */
export function log(subject: string, text: string): void {
  process.stdout.write(`${config.serviceName.padEnd(8)} ${subject.padEnd(14)} ${text}\n`);
}

/** What an error says, for a log line; connection errors of several addresses have only a code. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.message !== '') return error.message;
  return 'code' in error ? String(error.code) : error.name;
}
