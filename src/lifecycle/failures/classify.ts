import type { FailureClass } from '../../model/order.ts';

/** What a classification rule may look at; every text is as it was sent. */
export interface ErrorTraits {
  /** Attributes of the span itself, all convention generations mixed; values in canonical text. */
  readonly attributes: ReadonlyMap<string, string>;
  /** Attributes of its `exception` events, earliest first. */
  readonly exceptions: readonly ReadonlyMap<string, string>[];
  readonly statusMessage: string;
  readonly kind: 'unspecified' | 'internal' | 'server' | 'client' | 'producer' | 'consumer';
}

/** Attribute names of one meaning over the generations of conventions, newest first. */
const HTTP_STATUS = ['http.response.status_code', 'http.status_code', 'http.status', 'status'] as const;
const GRPC_STATUS = ['rpc.response.status_code', 'rpc.grpc.status_code', 'grpc.status_code'] as const;
const SQL_STATE = ['db.response.status_code', 'db.postgresql.sqlstate', 'db.sqlstate', 'exception.sqlstate'] as const;
const ERROR_TYPE = ['error.type', 'exception.type', 'exception', 'error.code', 'error'] as const;

const HTTP_TIMEOUTS: ReadonlySet<string> = new Set(['408', '504', '524', '598', '599']);

/** PostgreSQL states of waiting too long: query_canceled (statement_timeout), lock_not_available, idle timeouts. */
const SQL_TIMEOUTS: ReadonlySet<string> = new Set(['57014', '55P03', '25P03', '25P04', '57P05']);

const GRPC_OK: ReadonlySet<string> = new Set(['0', 'OK']);
const GRPC_TIMEOUTS: ReadonlySet<string> = new Set(['4', 'DEADLINE_EXCEEDED']);

/** Type names of exceptions and error codes that mean "too late", in any language; compared without package and case. */
const TIMEOUT_TYPE =
  /^(?:\w*time(?:d)?_?outs?(?:exception|error)?|\w*timeout\w*|deadline_?exceeded\w*|\w*timeoutexception|etimedout|esockettimedout|econnaborted|aborterror|taskcanceledexception|operationcanceledexception|und_err_(?:headers|body|connect)_timeout)$/i;

/** Messages that mean "too late" where the type says nothing. */
const TIMEOUT_MESSAGE =
  /\b(?:timed?[\s-]?out|timeout|deadline exceeded|canceling statement due to (?:statement|lock) timeout|lock wait timeout|instrumentationtimeout)\b/i;

/** Longest message that is searched; the patterns are linear, the bound is for the size of what senders may put there. */
const MAX_MESSAGE_LENGTH = 2_000;

/**
 * Classes the failure that an error span stands for.
 *
 * The rules, first match wins: 1. a protocol's own word for "too late" (HTTP 408/504, gRPC DEADLINE_EXCEEDED, SQLSTATE 57014 and lock
 * timeouts); 2. an exception type or error code that means a timeout; 3. a protocol's answer that is a failure (HTTP 4xx or 5xx on an
 * error span, gRPC code other than OK) → `api_error`; 4. a message that speaks of a timeout; 5. an exception or error type in a call
 * between systems (client, server, producer, consumer) → `api_error`; else `other`.
 */
export function classifyFailure(error: ErrorTraits): FailureClass {
  const http = first(error, HTTP_STATUS, /^\d{3}$/);
  const grpc = first(error, GRPC_STATUS, /^(?:\d{1,2}|[A-Z_]+)$/);
  const sqlState = first(error, SQL_STATE, /^[0-9A-Z]{5}$/);
  if (HTTP_TIMEOUTS.has(http) || GRPC_TIMEOUTS.has(grpc) || SQL_TIMEOUTS.has(sqlState)) return 'timeout';
  const types = typesOf(error);
  if (types.some((type) => TIMEOUT_TYPE.test(type))) return 'timeout';
  if (Number(http) >= 400 || (grpc !== '' && !GRPC_OK.has(grpc))) return 'api_error';
  if (messagesOf(error).some((message) => TIMEOUT_MESSAGE.test(message.slice(0, MAX_MESSAGE_LENGTH)))) return 'timeout';
  const isCall = error.kind !== 'internal' && error.kind !== 'unspecified';
  return isCall && types.length > 0 ? 'api_error' : 'other';
}

/** The first attribute of one meaning whose value has the form; empty when there is none. */
function first({ attributes, exceptions }: ErrorTraits, names: readonly string[], form: RegExp): string {
  for (const name of names) {
    for (const place of [attributes, ...exceptions]) {
      const value = place.get(name);
      if (value !== undefined && form.test(value)) return value;
    }
  }
  return '';
}

/** Exception types and error codes, without their package or namespace; numbers and booleans are not types. */
function typesOf({ attributes, exceptions }: ErrorTraits): string[] {
  const types: string[] = [];
  for (const place of [attributes, ...exceptions]) {
    for (const name of ERROR_TYPE) {
      const value = place.get(name);
      if (value === undefined || value === '' || /^(?:\d+|true|false|none)$/i.test(value)) continue;
      types.push(
        value
          .slice(0, 256)
          .split(/[.$:\\/]/)
          .at(-1) ?? value,
      );
    }
  }
  return types;
}

function messagesOf({ statusMessage, attributes, exceptions }: ErrorTraits): string[] {
  return [
    statusMessage,
    attributes.get('error.message') ?? '',
    attributes.get('otel.status_description') ?? '',
    ...exceptions.map((exception) => exception.get('exception.message') ?? ''),
  ].filter((message) => message !== '');
}
