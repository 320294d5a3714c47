import { describe, expect, it } from 'vitest';
import { ClientNames } from './client-names.ts';
import { QueueNames } from './queue-names.ts';

const connection = (name: string) => ({ connection: name, user: 'shop', vhost: '/v' });

describe('ClientNames', () => {
  it('prefers the name of the connection, then user and product, then user and virtual host', async () => {
    const known = new Map([
      ['a', { connectionName: 'shop-api', product: 'amqplib' }],
      ['b', { connectionName: undefined, product: 'pika' }],
      ['c', { connectionName: '', product: undefined }],
    ]);
    const names = new ClientNames((name) => Promise.resolve(known.get(name)));
    await names.learn(['a', 'b', 'c'].map(connection));
    expect(['a', 'b', 'c', ''].map((name) => names.name(connection(name)))).toEqual([
      'shop-api',
      'shop (pika)',
      'shop@/v',
      'shop@/v',
    ]);
  });

  it('asks for each connection once, and again only while it is not found', async () => {
    let asked = 0;
    const names = new ClientNames(() => {
      asked += 1;
      return asked < 3
        ? Promise.reject(new Error('away'))
        : Promise.resolve({ connectionName: 'late', product: undefined });
    });
    await names.learn([connection('a'), connection('a')]);
    expect(names.name(connection('a'))).toBe('late');
    await names.learn([connection('a')]);
    expect(asked).toBe(3);
  });
});

describe('QueueNames', () => {
  it('knows a queue as missing only when the broker said so just now', async () => {
    let now = 0;
    let asked = 0;
    const queues = new QueueNames(
      (queue) => {
        asked += 1;
        if (queue === 'broken') return Promise.reject(new Error('away'));
        return Promise.resolve(queue === 'there');
      },
      () => now,
    );
    await queues.learn(['there', 'gone', 'broken']);
    expect(['there', 'gone', 'broken'].map((queue) => queues.isMissing(queue))).toEqual([false, true, false]);
    await queues.learn(['there', 'gone']);
    expect(asked).toBe(3);
    now = 3000;
    await queues.learn(['gone']);
    expect(asked).toBe(4);
    queues.see('gone');
    expect(queues.isMissing('gone')).toBe(false);
  });
});
