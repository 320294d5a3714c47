import { describe, expect, it } from 'vitest';
import { WaybillError } from '../model/errors.ts';
import { KeyValueTable } from '../model/key-value-table.ts';
import { SpanBatch } from '../model/span-batch.ts';
import { decodeTraceJson } from '../wire/otlp/decode-trace-json.ts';
import { SpanGathering } from './span-gathering.ts';

const table = new KeyValueTable();

/** A request of spans with the given name. */
function request(name: string, spans = 1, into = table): SpanBatch {
  const span = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), name, startTimeUnixNano: '1', endTimeUnixNano: '2' };
  const body = { resourceSpans: [{ scopeSpans: [{ spans: Array.from({ length: spans }, () => span) }] }] };
  return decodeTraceJson(new TextEncoder().encode(JSON.stringify(body)), into);
}

/** Takes batches as the stages do; each is durable when the test says so. */
class Stages {
  readonly batches: string[][] = [];
  readonly #pending: { resolve: () => void; reject: (error: unknown) => void }[] = [];

  readonly next = (spans: SpanBatch): Promise<void> => {
    this.batches.push([...spans.nameIds.values].map((id) => spans.table.strings.text(id)));
    return new Promise((resolve, reject) => {
      this.#pending.push({ resolve, reject });
    });
  };

  /** Ends all batches that are under way, once there are any. */
  async end(error?: WaybillError): Promise<void> {
    while (this.#pending.length === 0) await turn();
    for (const { resolve, reject } of this.#pending.splice(0)) {
      if (error === undefined) resolve();
      else reject(error);
    }
    await turn();
  }
}

const turn = (): Promise<void> => new Promise(setImmediate);

describe('SpanGathering', () => {
  it('joins what arrives together, and what arrives while that is made durable', async () => {
    const stages = new Stages();
    const gathering = new SpanGathering(stages.next);
    const first = [gathering.add(request('a')), gathering.add(request('b'))];
    await turn();
    const second = [gathering.add(request('c')), gathering.add(request('d')), gathering.add(request('e'))];
    await turn();
    expect(stages.batches).toEqual([['a', 'b']]);
    await stages.end();
    await Promise.all(first);
    await stages.end();
    await Promise.all(second);
    expect(stages.batches).toEqual([
      ['a', 'b'],
      ['c', 'd', 'e'],
    ]);
  });

  it('works again after it was idle', async () => {
    const stages = new Stages();
    const gathering = new SpanGathering(stages.next);
    for (const name of ['a', 'b']) {
      const done = gathering.add(request(name));
      await stages.end();
      await done;
    }
    expect(stages.batches).toEqual([['a'], ['b']]);
  });

  it('tells everyone whose spans were refused, and takes what comes next', async () => {
    const stages = new Stages();
    const gathering = new SpanGathering(stages.next);
    const refusal = new WaybillError('journal_full', 'full');
    const refused = Promise.allSettled([gathering.add(request('a')), gathering.add(request('b'))]);
    await stages.end(refusal);
    expect(await refused).toEqual([
      { status: 'rejected', reason: refusal },
      { status: 'rejected', reason: refusal },
    ]);
    const taken = gathering.add(request('c'));
    await stages.end();
    await expect(taken).resolves.toBeUndefined();
  });

  it('joins no more than is of use, and nothing across tables; all that waits goes on at once', async () => {
    const stages = new Stages();
    const gathering = new SpanGathering(stages.next);
    const other = new KeyValueTable();
    const done = Promise.all([
      ...Array.from({ length: 12 }, () => gathering.add(request('a', 200))),
      gathering.add(request('b', 1, other)),
    ]);
    await stages.end();
    await done;
    expect(stages.batches.map((names) => names.length)).toEqual([2000, 400, 1]);
  });

  it('leaves requests of many spans alone', () => {
    expect(SpanGathering.isWorthIt(request('a', 255))).toBe(true);
    expect(SpanGathering.isWorthIt(request('a', 256))).toBe(false);
  });
});
