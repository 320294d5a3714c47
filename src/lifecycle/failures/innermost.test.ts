import { describe, expect, it } from 'vitest';
import { type ErrorTreeSpan, innermostErrors } from './innermost.ts';

const span = (
  spanId: string,
  parentSpanId: string | null,
  isError: boolean,
  kind: ErrorTreeSpan['kind'] = 'internal',
): ErrorTreeSpan => ({ spanId, parentSpanId, isError, kind, service: kind });
const ids = (spans: { spanId: string }[]): string[] => spans.map(({ spanId }) => spanId);

describe('innermostErrors', () => {
  it('names the deepest error of a chain, also across spans without an error', () => {
    const spans = [span('a', null, true), span('b', 'a', false), span('c', 'b', true), span('d', 'c', false)];
    expect(ids(innermostErrors(spans))).toEqual(['c']);
  });

  it('counts each failed attempt of a retried call', () => {
    const spans = [span('a', null, true), span('try1', 'a', true), span('try2', 'a', true), span('try3', 'a', false)];
    expect(ids(innermostErrors(spans))).toEqual(['try1', 'try2']);
  });

  it('counts an error whose parent is missing, and is not caught in a cycle', () => {
    const spans = [span('x', 'gone', true), span('a', 'b', true), span('b', 'a', false)];
    expect(ids(innermostErrors(spans))).toEqual(['x', 'a']);
  });

  it('does not depend on the order of the spans', () => {
    const spans = [span('a', null, true), span('b', 'a', true), span('c', 'b', true), span('d', 'a', true)];
    expect(ids(innermostErrors(spans.toReversed())).sort()).toEqual(['c', 'd']);
  });

  it('explains the client’s half of a shared span by the server’s', () => {
    const spans = [span('call', 'a', true, 'client'), span('call', 'a', true, 'server'), span('a', null, true)];
    expect(innermostErrors(spans).map(({ kind }) => kind)).toEqual(['server']);
  });

  it('keeps the client’s error where the server’s half has none', () => {
    const spans = [span('call', null, true, 'client'), span('call', null, false, 'server')];
    expect(innermostErrors(spans).map(({ kind }) => kind)).toEqual(['client']);
  });
});
