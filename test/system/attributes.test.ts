import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { explanation, statuses } from '../../src/api/contract/index.ts';
import { endEverything, temporaryDirectory, Waybill, waybillCommand } from './harness.ts';

afterEach(endEverything);

const MINUTE_MS = 60_000;

it('splits figures by what describes orders, and says what slow ones have in common', async () => {
  const waybill = await Waybill.start({ dataDir: await temporaryDirectory() });
  const file = join(await temporaryDirectory(), 'log.csv');
  // Every fourth order comes from a showroom and waits an hour instead of ten minutes; colours mean nothing.
  const lines = Array.from({ length: 80 }, (_, index) => {
    const channel = index % 4 === 0 ? 'showroom' : 'web';
    const colour = ['red', 'blue', 'green'][index % 3] ?? '';
    const left = new Date(Date.UTC(2026, 0, 1, 12, channel === 'showroom' ? 60 : 10)).toISOString();
    return `O-${index},INITIATED,2026-01-01T12:00:00Z,${channel},${colour}\nO-${index},FILE_UPLOADED,${left},${channel},${colour}\n`;
  });
  await writeFile(file, `case,activity,timestamp,channel,colour\n${lines.join('')}`);
  const flags = ['--server', waybill.http, '--case', 'case', '--activity', 'activity', '--timestamp', 'timestamp'];
  const command = waybillCommand(['import', file, ...flags, '--attributes', 'channel,colour']);
  expect((await command.exited).code, command.stderr).toBe(0);

  const figures = async (query: string): Promise<unknown> => {
    const answer = statuses.parse(await (await waybill.api.fetch(`/api/statuses?${query}`)).json());
    const { count, meanMs } = answer.statuses.find(({ status }) => status === 'INITIATED')?.completed ?? {};
    return { count, meanMs, orders: answer.orders.total };
  };
  expect(await figures('attribute=channel&value=showroom')).toEqual({ count: 20, meanMs: 60 * MINUTE_MS, orders: 20 });
  expect(await figures('attribute=channel&value=web')).toEqual({ count: 60, meanMs: 10 * MINUTE_MS, orders: 60 });
  expect(await figures('')).toEqual({ count: 80, meanMs: 22.5 * MINUTE_MS, orders: 80 });

  const answer = await waybill.api.fetch('/api/explain?status=INITIATED&slowest=0.3');
  const { findings, significant } = explanation.parse(await answer.json());
  expect(significant).toBe(1);
  expect(findings).toMatchObject([
    { attribute: 'channel', value: 'showroom', slow: 20, visits: 20, support: 1, lift: 4 },
  ]);
});
