import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { CHECKOUT } from '../system/harness.ts';

/** Where the distributions put Chromium; Google Chrome serves as well. */
const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Pictures of every page stay here, for people to look at. */
const SCREENSHOTS = join(CHECKOUT, '.test-artifacts/screenshots');

/** The browser to test with: `WAYBILL_CHROMIUM`, else where the distributions put it; undefined when there is none. */
export function findChromium(): string | undefined {
  const named = process.env['WAYBILL_CHROMIUM'];
  return (named === undefined || named === '' ? BROWSERS : [named]).find((file) => existsSync(file));
}

/** Starts the browser; it speaks to nobody by itself. */
export function launchChromium(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
    ],
  });
}

/** How a viewer sees the pages. */
export interface Viewer {
  readonly language: 'en' | 'ru';
  readonly theme: 'light' | 'dark';
  readonly width: number;
}

/** A viewer's window, with everything that a page must not do written down. */
export class Window {
  readonly page: Page;
  /** Errors on the console (also violations of the content security policy), thrown errors, requests to other hosts. */
  readonly complaints: string[] = [];
  readonly #context: BrowserContext;
  readonly #viewer: Viewer;
  readonly #base: string;

  private constructor(context: BrowserContext, page: Page, viewer: Viewer, base: string) {
    this.#context = context;
    this.#viewer = viewer;
    this.#base = base;
    this.page = page;
    const { host } = new URL(base);
    page.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(`console: ${message.text()}`);
    });
    page.on('pageerror', (error) => this.complaints.push(`thrown: ${error.message}`));
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (url.protocol !== 'data:' && url.host !== host) this.complaints.push(`request to ${request.url()}`);
    });
  }

  /** Opens an empty window; `base` is the address of the pages. */
  static async open(browser: Browser, viewer: Viewer, base: string): Promise<Window> {
    const context = await browser.newContext({
      viewport: { width: viewer.width, height: 900 },
      locale: viewer.language === 'ru' ? 'ru-RU' : 'en-GB',
      colorScheme: viewer.theme,
      timezoneId: 'Europe/Moscow',
      reducedMotion: 'reduce',
    });
    return new Window(context, await context.newPage(), viewer, base);
  }

  /** Opens an address and waits until nothing on the page is loading any more. */
  async goto(path: string): Promise<void> {
    await this.page.goto(this.#base + path);
    await this.settled();
  }

  /** Waits until the code of the page is there and no grey box stands for something that loads. */
  async settled(): Promise<void> {
    await this.page.locator('#content > *').first().waitFor();
    await this.page.locator('.mantine-Skeleton-root').first().waitFor({ state: 'detached' });
  }

  /** Whether the whole page scrolls sideways, which no page may. */
  async scrollsSideways(): Promise<boolean> {
    return (
      (await this.page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth')) === true
    );
  }

  /** Keeps a picture of the page under a name. */
  async picture(name: string): Promise<void> {
    mkdirSync(SCREENSHOTS, { recursive: true });
    const { language, theme, width } = this.#viewer;
    await this.page.screenshot({
      path: join(SCREENSHOTS, `${name}-${language}-${theme}-${width}.png`),
      fullPage: true,
    });
  }

  async close(): Promise<void> {
    await this.#context.close();
  }
}
