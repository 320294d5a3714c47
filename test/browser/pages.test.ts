import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ensureWebBundle } from '../../tools/demo/web-bundle.ts';
import { CHECKOUT, endEverything, temporaryDirectory, Waybill } from '../system/harness.ts';
import { findChromium, launchChromium, type Viewer, Window } from './chromium.ts';
import { ALIAS, letOrdersHappen, ORDERS, submitTrace } from './company.ts';

const LATE = { timeout: 60_000, interval: 200 };
const { planned, stuck, deviating } = ORDERS;
const chromiumPath = findChromium();

/** What a viewer reads, by language. */
const TEXTS = {
  en: {
    map: 'Status map',
    submitted: 'Submitted',
    closed: 'Reached “Closed”',
    waiting: 'Waiting in “Submitted” for',
    lastFailed: 'last work failed: timeout in mes-api · GET /models/{modelId}',
    deviation: 'Skipped “Packaging”',
    traceError: 'no answer within 2000 ms',
    overTarget: 'over the target of 30 s',
    kind: 'Kind',
    server: 'server',
    failures: '1 failure',
    notOvercome: 'failed',
    skipped: 'skipped',
    estimated: 'the number to trust',
    search: 'Order, alias, trace or message id',
    noDeadLetters: 'No dead letter was seen',
    nowhere: 'There is no such page',
  },
  ru: {
    map: 'Карта статусов',
    submitted: 'Оформлен',
    closed: 'Пришёл в статус «Закрыт»',
    waiting: 'Ждёт в статусе «Оформлен»',
    lastFailed: 'последняя работа не удалась: таймаут в mes-api · GET /models/{modelId}',
    deviation: 'Пропущен статус «Упаковывается»',
    traceError: 'no answer within 2000 ms',
    overTarget: 'дольше нормы 30 с',
    kind: 'Вид',
    server: 'сервер',
    failures: '1 сбой',
    notOvercome: 'заказ не прошёл',
    skipped: 'пропущен',
    estimated: 'этому числу можно верить',
    search: 'Заказ, псевдоним, трасса, сообщение',
    noDeadLetters: 'Недоставленных сообщений не видно',
    nowhere: 'Такой страницы нет',
  },
} as const;

const VIEWERS: readonly Viewer[] = [
  { language: 'en', theme: 'light', width: 1440 },
  { language: 'ru', theme: 'dark', width: 1440 },
  { language: 'ru', theme: 'light', width: 390 },
  { language: 'en', theme: 'dark', width: 390 },
];

describe.skipIf(chromiumPath === undefined)(
  'the pages in Chromium (apt-get install chromium, or WAYBILL_CHROMIUM)',
  () => {
    let waybill: Waybill;
    let browser: Browser;

    beforeAll(async () => {
      const dataDir = await temporaryDirectory();
      await ensureWebBundle(CHECKOUT, { log: () => undefined, logPath: join(dataDir, 'vite.log') });
      waybill = await Waybill.start({
        dataDir,
        more: {
          lifecycle: { file: join(CHECKOUT, 'examples/jewelry/lifecycle.yaml') },
          binding: { aliases: ['mes.job.id'] },
        },
      });
      await letOrdersHappen(waybill.otlpHttp, waybill.api, Date.now());
      await vi.waitFor(async () => {
        const [closed, failed, skipped] = await Promise.all(
          [planned, stuck, deviating].map((id) => waybill.api.order(id)),
        );
        const there = closed?.status === 'CLOSED' && failed?.failures.length === 1 && skipped?.deviations.length === 1;
        if (!there) throw new Error('the orders are not there yet');
      }, LATE);
      browser = await launchChromium(chromiumPath ?? '');
    });
    afterAll(async () => {
      await browser?.close();
      await endEverything();
    });

    describe.each(VIEWERS)('for a viewer in $language, $theme, $width px wide', (viewer) => {
      const texts = TEXTS[viewer.language];
      let window: Window;
      const byId = (id: string) => window.page.getByTestId(id);
      /** The visible text of the first part with the id; spaces that do not break are spaces. */
      const says = async (id: string) => (await byId(id).first().innerText()).replaceAll('\u00a0', ' ');

      beforeEach(async () => {
        window = await Window.open(browser, viewer, waybill.http);
      });
      afterEach(async () => {
        await window.close();
        if (window.complaints.length > 0) throw new Error(window.complaints.join('\n'));
      });

      /** Opens an address, keeps its picture, and holds that it fits the window. */
      const open = async (path: string, name: string): Promise<void> => {
        await window.goto(path);
        await window.picture(name);
        expect(await window.scrollsSideways()).toBe(false);
        expect(await window.page.locator('html').getAttribute('lang')).toBe(viewer.language);
        expect(await window.page.locator('html').getAttribute('data-mantine-color-scheme')).toBe(viewer.theme);
      };

      it('shows on the status map where orders are, with what is stuck and what failed', async () => {
        await open('/', 'map');
        expect(await window.page.getByRole('heading', { level: 1 }).innerText()).toBe(texts.map);
        const node = await says('status-node-SUBMITTED');
        expect(node).toContain(texts.submitted);
        expect(await says('status-stuck-SUBMITTED')).toBe('1');
        expect(await says('status-failures-SUBMITTED')).toBe('1');
        expect(await byId('status-node-CLOSED').innerText()).toContain('2');
        await byId('kpi-overTarget').click();
        await byId(`stuck-card-${stuck}`).waitFor();
        expect(new URL(window.page.url()).pathname).toBe('/stuck');
      });

      it('finds traces by what one of their spans is, and leads to the trace and its order', async () => {
        await open('/traces?service=mes-api', 'traces');
        const rows = window.page.locator('[data-testid^="trace-row-"]');
        const before = await rows.count();
        await window.page.getByRole('checkbox').check();
        await window.page.waitForURL(/error=true/);
        await vi.waitFor(async () => expect(await rows.count()).toBeLessThan(before), LATE);
        expect(await says('traces-table')).toContain(stuck);
        await window.picture('traces-errors');
        await rows.first().getByRole('link').first().click();
        await window.page.getByText(texts.traceError).first().waitFor();
        await open('/traces', 'traces');
        await window.page.getByLabel(texts.kind, { exact: true }).first().click();
        await window.page.getByRole('option', { name: texts.server, exact: true }).click();
        await window.page.waitForURL(/kind=server/);
        await byId('traces-table').waitFor();
        await open('/traces?service=nobody&attributes=a%3Db&since=7d', 'traces-nothing');
        expect(await says('traces-empty')).not.toBe('');
      });

      it('leads from the stuck board to the order, whose sentence names the failure, and on to the failed span', async () => {
        await open('/stuck', 'stuck');
        expect(await says(`stuck-card-${stuck}`)).toContain(texts.overTarget);
        await byId(`stuck-card-${stuck}`).click();
        await byId('order-sentence').waitFor();
        await window.settled();
        await window.picture('order-stuck');
        const sentence = await says('order-sentence');
        expect(sentence).toContain(texts.waiting);
        expect(sentence).toContain(texts.lastFailed);
        expect(await says('order-attributes')).toContain('order.channel web');
        expect(await says('order-failures')).toContain(texts.notOvercome);
        await byId('journey-failure-timeout').click();
        await window.page.getByText(texts.traceError).first().waitFor();
        await window.picture('trace-failed');
        expect(new URL(window.page.url()).pathname).toBe(`/traces/${submitTrace(stuck)}`);
      });

      it('shows the journey of an order that went as planned, and its trace', async () => {
        await open(`/orders/${planned}`, 'order');
        expect(await says('order-sentence')).toContain(texts.closed);
        for (const status of ['INITIATED', 'PACKAGING', 'CLOSED']) await byId(`journey-visit-${status}`).waitFor();
        expect(await byId('breakdown-SUBMITTED').getByRole('img').getAttribute('aria-label')).toContain('mes-api');
        await byId(`trace-row-${submitTrace(planned)}`)
          .getByRole('link')
          .click();
        await window.page.getByText('mes.price process').first().waitFor();
        await window.settled();
        await window.picture('trace');
      });

      it('explains a deviation in words', async () => {
        await open(`/orders/${deviating}`, 'order-deviating');
        expect(await window.page.locator('#content').innerText()).toContain(texts.deviation);
      });

      it('shows failures by where they happened, narrowed by the address', async () => {
        await open('/failures?class=timeout&service=mes-api&status=SUBMITTED', 'failures');
        expect(await says('failures-total-timeout')).toContain(texts.failures);
        await byId('failures-chart').locator('.recharts-surface').first().waitFor();
        expect(await says('failure-groups')).toContain(stuck);
        await window.goto('/failures?class=other');
        await byId('failures-empty').waitFor();
      });

      it('shows the figures of a status three ways, and holds orders against the lifecycle', async () => {
        await open('/statuses/SUBMITTED', 'status');
        expect(await says('status-estimated')).toContain(texts.estimated);
        for (const part of ['status-completed', 'status-open', 'status-breakdown', 'status-explain'])
          await byId(part).waitFor();
        expect(await says('status-failures')).toContain('mes-api');
        await open('/conformance', 'conformance');
        expect(await says('conformance-deviations')).toContain(texts.skipped);
        expect(await byId('conformance-variants').getByTestId('variant-2').count()).toBe(1);
      });

      it('finds an order from the keyboard, by its id and by its alias', async () => {
        await window.goto('/');
        for (const text of [planned, ALIAS]) {
          await window.page.keyboard.press('/');
          await window.page.getByPlaceholder(texts.search).fill(text);
          await window.page.keyboard.press('Enter');
          await window.page.waitForURL(`**/orders/${planned}`);
          await byId('order-sentence').waitFor();
          await window.page.keyboard.press('g');
          await window.page.keyboard.press('m');
          await byId('status-map').waitFor();
          expect(new URL(window.page.url()).pathname).toBe('/');
        }
      });

      it('says what to do where no broker is watched, and that no dead letter is known', async () => {
        await open('/queues', 'queues-empty');
        expect(await says('queues-empty')).toContain('docs/rabbitmq.md');
        await open('/dead-letters', 'dead-letters-empty');
        expect(await byId('dead-letters-table').count()).toBe(0);
        expect(await window.page.locator('#content').innerText()).toContain(texts.noDeadLetters);
      });

      it('says that an address leads nowhere', async () => {
        await open('/nowhere', 'nowhere');
        expect(await window.page.locator('#content').innerText()).toContain(texts.nowhere);
      });
    });

    it('keeps the chosen language and theme', async () => {
      const window = await Window.open(browser, { language: 'en', theme: 'light', width: 1440 }, waybill.http);
      await window.goto('/');
      await window.page.getByTestId('language-switch').click();
      await window.page.getByTestId('language-ru').click();
      await window.page.getByTestId('theme-switch').click();
      await window.page.getByTestId('theme-dark').click();
      await window.goto('/orders');
      expect(await window.page.getByRole('heading', { level: 1 }).innerText()).toBe('Заказы');
      expect(await window.page.locator('html').getAttribute('data-mantine-color-scheme')).toBe('dark');
      await window.close();
      expect(window.complaints).toEqual([]);
    });
  },
);
