import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium, type Page } from 'playwright-core';
import { z } from 'zod';
import { order, orderList } from '../../src/api/contract/orders.ts';

/*
 * Makes the pictures of the README from a running Waybill: npm run screenshots -- --url http://127.0.0.1:8080
 * Run the demo for three minutes before, so that there are orders in every status.
 */

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: 'http://127.0.0.1:8080' },
    language: { type: 'string', default: 'en-GB' },
    to: { type: 'string', default: resolve(import.meta.dirname, '../../docs/images') },
    chromium: { type: 'string', default: '/usr/bin/chromium' },
  },
});

/** What the choice of an order needs to know. */
const outline = order.pick({
  orderId: true,
  visits: true,
  failures: true,
  deviations: true,
  closedAt: true,
  traces: true,
});

async function ask<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.output<Schema>> {
  const response = await fetch(values.url + path);
  if (!response.ok) throw new Error(`${path} answered ${response.status}; is Waybill running at ${values.url}?`);
  return schema.parse(await response.json());
}

function interest({ visits, failures, deviations, closedAt }: z.output<typeof outline>): number {
  const timeout = failures.some(({ class: failureClass }) => failureClass === 'timeout') ? 6 : 0;
  return visits.length + timeout + 2 * Math.min(2, failures.length) + deviations.length + (closedAt === null ? 3 : 0);
}

/** The order with the most to see: a way far through the lifecycle, a failure, and traces through several services. */
async function interestingOrder(): Promise<z.output<typeof outline>> {
  const { orders } = await ask('/api/orders', orderList);
  const whole = await Promise.all(
    orders.map(({ orderId }) => ask(`/api/orders/${encodeURIComponent(orderId)}`, outline)),
  );
  const [best] = whole.toSorted((a, b) => interest(b) - interest(a));
  if (best === undefined) throw new Error('there is no order yet; let the demo run for some minutes');
  return best;
}

async function shoot(page: Page, name: string, path: string): Promise<void> {
  await page.goto(values.url + path, { waitUntil: 'networkidle' });
  // What is still loading is drawn as grey boxes.
  for (const box of await page.locator('.mantine-Skeleton-root').all()) await box.waitFor({ state: 'detached' });
  await page.evaluate('document.fonts.ready.then(() => true)');
  await page.screenshot({ path: join(values.to, `${name}.png`) });
  process.stdout.write(`${name}.png  ${path}\n`);
}

const shown = await interestingOrder();
const [widest] = shown.traces.toSorted((a, b) => b.services.length - a.services.length || b.spanCount - a.spanCount);
const browser = await chromium.launch({
  executablePath: values.chromium,
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
});
try {
  const page = await browser.newPage({
    viewport: { width: 1440, height: 900 },
    locale: values.language,
    timezoneId: 'Europe/Moscow',
    reducedMotion: 'reduce',
  });
  await shoot(page, 'status-map', '/');
  await shoot(page, 'orders', '/orders');
  await shoot(page, 'order-journey', `/orders/${encodeURIComponent(shown.orderId)}`);
  if (widest !== undefined) await shoot(page, 'trace', `/traces/${widest.traceId}`);
} finally {
  await browser.close();
}
