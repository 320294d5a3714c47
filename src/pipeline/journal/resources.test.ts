import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UintColumn } from '../../model/columns.ts';
import { KeyValueTable } from '../../model/key-value-table.ts';
import type { Resource } from '../../model/span-batch.ts';
import { encodeResources } from './origin-columns.ts';
import { resourceIdsOf } from './resource-ids.ts';
import { StoredResources } from './stored-resources.ts';

interface Sender {
  readonly attributes: readonly (readonly [string, string])[];
  readonly schemaUrl: string;
}

const word = fc.constantFrom('', 'a', 'b', 'ab', 'shop', 'mes');
const sender = fc.record({
  attributes: fc.array(fc.tuple(word, word), { maxLength: 4 }),
  schemaUrl: word,
});

function resourceOf(table: KeyValueTable, { attributes, schemaUrl }: Sender): Resource {
  const ids = new UintColumn();
  for (const [key, value] of attributes) ids.push(table.internText(key, 'string', value));
  return { serviceId: 0, attributes: ids, schemaUrlId: table.strings.internText(schemaUrl) };
}

function tableOf(senders: readonly Sender[]): { table: KeyValueTable; resources: Resource[] } {
  const table = new KeyValueTable();
  return { table, resources: senders.map((each) => resourceOf(table, each)) };
}

describe('ids of resources', () => {
  it('are the same for the same attributes in every request and process, and differ for others', () => {
    fc.assert(
      fc.property(fc.array(sender, { maxLength: 20 }), (senders) => {
        const batch = tableOf(senders);
        const ids = resourceIdsOf(batch);
        // Remembered now, and computed anew over a table with other numbers.
        expect(resourceIdsOf(batch)).toEqual(ids);
        const other = tableOf(senders.toReversed());
        expect(resourceIdsOf(other).toReversed()).toEqual(ids);
        const texts = senders.map((each) => JSON.stringify(each));
        expect(new Set(ids).size).toBe(new Set(texts).size);
      }),
    );
  });
});

describe('rows of resources', () => {
  const senders = [
    { attributes: [['service.name', 'shop']], schemaUrl: '' },
    { attributes: [['service.name', 'mes']], schemaUrl: '' },
    { attributes: [['service.name', 'shop']], schemaUrl: '' },
  ] as const;

  it('are written once a batch, and not for resources that are stored', () => {
    const batch = tableOf(senders);
    const [shop = 0n, mes = 0n] = resourceIdsOf(batch);
    const stored = new StoredResources();
    expect(encodeResources(batch, stored)).toMatchObject({ block: { rows: 2 }, ids: [shop, mes] });
    stored.add([shop]);
    expect(encodeResources(batch, stored)).toMatchObject({ block: { rows: 1 }, ids: [mes] });
    stored.add([mes]);
    expect(encodeResources(batch, stored)).toEqual({ block: undefined, ids: [] });
  });

  it('are written again for those that were forgotten, the oldest first', () => {
    const stored = new StoredResources(2);
    stored.add([1n, 2n, 3n]);
    expect([1n, 2n, 3n].map((id) => stored.has(id))).toEqual([false, true, true]);
  });
});
