import { expect, it } from 'vitest';
import type { StoreClient } from './client.ts';
import { type StoredNaming, spanOwners } from './span-owners.ts';

/** A store in which aliases have owners; writes down which ones it is asked for. */
function storeOf(owners: Readonly<Record<string, string>>, asked: string[][] = []): StoreClient {
  const query = async (_sql: string, { aliases }: { aliases: readonly string[] }): Promise<unknown[]> => {
    asked.push([...aliases]);
    return aliases.flatMap((alias) => (owners[alias] === undefined ? [] : [{ alias, owner: owners[alias] }]));
  };
  return { query } as unknown as StoreClient;
}

function row(
  [traceId, spanId, parentSpanId]: readonly [string, string, string | null],
  names: { order?: string; alias?: string } = {},
): StoredNaming {
  return {
    span: { traceId, spanId, parentSpanId, kind: 'internal', service: 'shop' },
    order: names.order ?? '',
    alias: names.alias ?? '',
  };
}

it('resolves what spans name, once each, and lets the others inherit inside their trace', async () => {
  const asked: string[][] = [];
  const owners = await spanOwners(storeOf({ 'cart=7': 'A-1' }, asked), [
    row(['t1', 'root', null], { alias: 'cart=7' }),
    row(['t2', 'root', null]),
    row(['t1', 'child', 'root']),
    row(['t2', 'child', 'root'], { order: 'B-2' }),
    row(['t1', 'again', 'root'], { alias: 'cart=7' }),
  ]);
  expect(owners).toEqual([
    { named: 'A-1', orderId: 'A-1' },
    { named: null, orderId: 'B-2' },
    { named: null, orderId: 'A-1' },
    { named: 'B-2', orderId: 'B-2' },
    { named: 'A-1', orderId: 'A-1' },
  ]);
  expect(asked).toEqual([['cart=7']]);
});

it('leaves a span that serves several orders without one, and an alias that nothing bound', async () => {
  const owners = await spanOwners(storeOf({}), [
    row(['t1', 'root', null], { alias: 'cart=8' }),
    row(['t1', 'first', 'root'], { order: 'A-1' }),
    row(['t1', 'second', 'root'], { order: 'B-2', alias: 'cart=9' }),
    row(['t1', 'below', 'second']),
  ]);
  expect(owners).toEqual([
    { named: null, orderId: null },
    { named: 'A-1', orderId: 'A-1' },
    { named: 'B-2', orderId: 'B-2' },
    { named: null, orderId: 'B-2' },
  ]);
});

it('asks nothing where nothing is', async () => {
  const asked: string[][] = [];
  expect(await spanOwners(storeOf({}, asked), [])).toEqual([]);
  expect(asked).toEqual([]);
});
