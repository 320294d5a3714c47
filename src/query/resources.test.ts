import { expect, it } from 'vitest';
import type { StoreClient } from '../store/client.ts';
import { Resources } from './resources.ts';

/** A store that knows the resources 1 to 20,000, and writes down what it is asked. */
function storeOf(asked: string[][]): StoreClient {
  const query = async (_sql: string, { ids }: { ids: readonly bigint[] }): Promise<unknown[]> => {
    asked.push(ids.map(String));
    return ids
      .filter((id) => id <= 20_000n)
      .map((id) => ({
        resource: String(id),
        attribute_keys: ['service.name'],
        attribute_types: [1],
        attribute_values: [`s${id}`],
      }));
  };
  return { query } as unknown as StoreClient;
}

const named = (id: number) => [{ key: 'service.name', type: 'string', value: `s${id}` }];

it('asks for a resource once, and again for one that was not there yet', async () => {
  const asked: string[][] = [];
  const resources = new Resources(storeOf(asked));
  expect(await resources.read(['1', '2', '1', '99999'])).toEqual({ 1: named(1), 2: named(2) });
  expect(await resources.read(['2', '99999', '3'])).toEqual({ 2: named(2), 3: named(3) });
  expect(await resources.read(['1', '3'])).toEqual({ 1: named(1), 3: named(3) });
  expect(asked).toEqual([
    ['1', '2', '99999'],
    ['99999', '3'],
  ]);
});

it('forgets those that were asked for longest ago', async () => {
  const asked: string[][] = [];
  const resources = new Resources(storeOf(asked));
  await resources.read(['1']);
  await resources.read(['2']);
  await resources.read(['1']);
  for (let id = 3; id <= 10_001; id += 1) await resources.read([String(id)]);
  asked.length = 0;
  await resources.read(['1']);
  expect(asked).toEqual([]);
  await resources.read(['2']);
  expect(asked).toEqual([['2']]);
});

it('hands out what nobody else holds', async () => {
  const resources = new Resources(storeOf([]));
  const { 1: first } = await resources.read(['1']);
  first?.pop();
  expect(await resources.read(['1'])).toEqual({ 1: named(1) });
});
