/** ClickHouse error codes that the server raises or acts upon itself (src/Common/ErrorCodes.cpp). */
export const EXCEPTION = {
  noSuchColumn: 16,
  unsupported: 48,
  unknownTable: 60,
  syntaxError: 62,
  tooManyQueries: 202,
  aborted: 236,
  notEnoughSpace: 243,
  wrongPassword: 516,
  unknownParameter: 456,
  tooLarge: 307,
  unknown: 1002,
} as const;

const NAMES: Readonly<Record<number, string>> = {
  16: 'NO_SUCH_COLUMN_IN_TABLE',
  48: 'NOT_IMPLEMENTED',
  60: 'UNKNOWN_TABLE',
  62: 'SYNTAX_ERROR',
  202: 'TOO_MANY_SIMULTANEOUS_QUERIES',
  236: 'ABORTED',
  243: 'NOT_ENOUGH_SPACE',
  307: 'TOO_MANY_BYTES',
  456: 'UNKNOWN_QUERY_PARAMETER',
  516: 'AUTHENTICATION_FAILED',
  1002: 'UNKNOWN_EXCEPTION',
};

/** An answer of the server in ClickHouse's words: `Code: n. DB::Exception: text (NAME)`. */
export class EngineException extends Error {
  readonly code: number;

  constructor(code: number, text: string) {
    super(`Code: ${code}. DB::Exception: ${text} (${NAMES[code] ?? 'UNKNOWN_EXCEPTION'})`);
    this.code = code;
  }
}

/** HTTP status of an exception, as in ClickHouse's `exceptionCodeToHTTPStatus`; parse and type errors are the caller's fault. */
export function httpStatusOf(code: number): number {
  if (code === EXCEPTION.wrongPassword) return 403;
  if (code === EXCEPTION.unsupported) return 501;
  if (code === 159) return 408;
  if (code === EXCEPTION.tooLarge) return 413;
  if (code === EXCEPTION.tooManyQueries || code === EXCEPTION.notEnoughSpace || code === EXCEPTION.aborted) return 503;
  if ([60, 81, 46, 47, 115, 16].includes(code)) return 404;
  if ([6, 26, 27, 33, 36, 42, 43, 53, 62, 70, 73, 117, 130, 321, 395, 456].includes(code)) return 400;
  return 500;
}
