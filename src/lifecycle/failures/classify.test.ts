import { describe, expect, it } from 'vitest';
import { classifyFailure, type ErrorTraits } from './classify.ts';

function error(
  attributes: Record<string, string>,
  rest: { exception?: Record<string, string>; message?: string; kind?: ErrorTraits['kind'] } = {},
): ErrorTraits {
  return {
    attributes: new Map(Object.entries(attributes)),
    exceptions: rest.exception === undefined ? [] : [new Map(Object.entries(rest.exception))],
    statusMessage: rest.message ?? '',
    kind: rest.kind ?? 'client',
  };
}

describe('classifyFailure', () => {
  it.each([
    ['HTTP 504, stable convention', error({ 'http.response.status_code': '504' })],
    ['HTTP 408, old convention', error({ 'http.status_code': '408' })],
    ['HTTP 504, Micrometer', error({ status: '504' })],
    ['gRPC DEADLINE_EXCEEDED as a number', error({ 'rpc.grpc.status_code': '4' })],
    ['gRPC DEADLINE_EXCEEDED as a name', error({ 'rpc.response.status_code': 'DEADLINE_EXCEEDED' })],
    ['statement timeout of PostgreSQL', error({ 'db.response.status_code': '57014' })],
    ['lock timeout of PostgreSQL', error({ 'db.response.status_code': '55P03' })],
    ['a Java exception', error({}, { exception: { 'exception.type': 'java.net.SocketTimeoutException' } })],
    [
      'a .NET exception',
      error({}, { exception: { 'exception.type': 'System.Threading.Tasks.TaskCanceledException' } }),
    ],
    ['a Node error code', error({ 'error.type': 'ETIMEDOUT' })],
    ['a fetch abort', error({}, { exception: { 'exception.type': 'TimeoutError' } })],
    ['a Python exception', error({}, { exception: { 'exception.type': 'requests.exceptions.ReadTimeout' } })],
    ['an undici code', error({ 'error.type': 'UND_ERR_HEADERS_TIMEOUT' })],
    ['Micrometer', error({ exception: 'ReadTimeoutException' })],
    ['a message alone', error({}, { message: 'the request timed out after 2000 ms', kind: 'internal' })],
    ['the AMQP instrumentation', error({}, { message: 'InstrumentationTimeout', kind: 'consumer' })],
  ])('calls %s a timeout', (_, traits) => {
    expect(classifyFailure(traits)).toBe('timeout');
  });

  it.each([
    ['HTTP 500', error({ 'http.response.status_code': '500' })],
    [
      'HTTP 404 on a client span that counts it as a failure',
      error({ 'http.response.status_code': '404', 'error.type': '404' }),
    ],
    ['gRPC UNAVAILABLE', error({ 'rpc.grpc.status_code': '14' })],
    ['a refused connection', error({ 'error.type': 'ECONNREFUSED' })],
    ['an exception in a consumer', error({}, { exception: { 'exception.type': 'SyntaxError' }, kind: 'consumer' })],
    [
      'a unique violation of PostgreSQL',
      error(
        { 'db.response.status_code': '23505', 'error.type': '23505' },
        { exception: { 'exception.type': 'DatabaseError' } },
      ),
    ],
    [
      'HTTP 500 whose message speaks of a timeout elsewhere',
      error({ 'http.status_code': '500' }, { message: 'timeout' }),
    ],
  ])('calls %s an API error', (_, traits) => {
    expect(classifyFailure(traits)).toBe('api_error');
  });

  it.each([
    ['an internal error without a type', error({}, { message: 'no stock', kind: 'internal' })],
    ['an error flag alone', error({ error: 'true' })],
    ['an exception inside a program', error({}, { exception: { 'exception.type': 'RangeError' }, kind: 'internal' })],
  ])('calls %s other', (_, traits) => {
    expect(classifyFailure(traits)).toBe('other');
  });
});
