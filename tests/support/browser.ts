import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium, type Page, type Response } from 'playwright-core';
import { findProgram } from '#scripts/programs.mjs';
import type { Person } from './console.ts';
import { ROOT } from './temporary-tree.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
interface AxeResults {
  readonly violations: readonly {
    readonly id: string;
    readonly help: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
  }[];
}

const RULES = {
  all: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  colours: ['color-contrast', 'link-in-text-block'],
} as const;

export interface PageOptions {
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: 'light' | 'dark';
}

export interface TestPage {
  readonly page: Page;
  /** Errors of the page and its console since the last look, CSP refusals among them. */
  readonly complaints: () => readonly string[];
  readonly signIn: (origin: string, person: Person) => Promise<void>;
  /** WCAG 2.2 A and AA, by axe: one line a violation. `colours`: only the rules that a change of colours alone can break. */
  readonly violations: (rules?: 'all' | 'colours') => Promise<readonly string[]>;
  /** As the person's machine asks for light or dark while the page is open. */
  readonly switchColours: (colorScheme: 'light' | 'dark') => Promise<void>;
  /** How many pixels the page is wider than its window. */
  readonly overflow: () => Promise<number>;
  /** A full-page picture in test-results/, to be looked at. */
  readonly picture: (name: string) => Promise<void>;
}

export interface TestBrowser {
  /** A page of a new profile: no cookies, no storage. */
  newPage(options?: PageOptions): Promise<TestPage>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Debian's chromium, headless, with a profile of its own. */
export async function openBrowser(): Promise<TestBrowser> {
  const executablePath = findProgram('chromium') ?? findProgram('google-chrome');
  if (executablePath === null) throw new Error('no chromium: apt-get install chromium');
  const browser = await chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  return {
    newPage: async ({ width = 1440, height = 900, colorScheme = 'light' } = {}) => {
      const context = await browser.newContext({
        viewport: { width, height },
        colorScheme,
        reducedMotion: 'reduce',
        acceptDownloads: true,
      });
      const page = await context.newPage();
      // Before React has taken over, a click submits the plain form and what was typed may be lost.
      for (const name of ['goto', 'reload'] as const) {
        const load = page[name].bind(page) as (...args: unknown[]) => Promise<Response | null>;
        page[name] = async (...args: unknown[]) => {
          const response = await load(...args);
          if (response?.headers()['content-type']?.startsWith('text/html') === true) {
            await page.waitForSelector('html[data-ready]', { state: 'attached', timeout: 30_000 });
          }
          return response;
        };
      }
      let complaints: string[] = [];
      page.on('pageerror', (error) => complaints.push(`page error: ${error.message}`));
      page.on('console', (message) => {
        if (message.type() === 'error') complaints.push(`console: ${message.text()}`);
      });
      return {
        page,
        complaints: () => {
          const seen = complaints;
          complaints = [];
          return seen;
        },
        signIn: async (origin, { email, password }) => {
          await page.goto(`${origin}/login`);
          await page.fill('#email', email);
          await page.fill('#password', password);
          await page.click('[data-testid="sign-in"]');
          try {
            await page.waitForURL((url) => url.pathname !== '/login', { timeout: 30_000 });
          } catch (error) {
            const text = await page.locator('main, body').first().innerText();
            throw new Error(`${email} was not let in; ${page.url()} says:\n${text}`, { cause: error });
          }
        },
        violations: async (rules = 'all') => {
          if (await page.evaluate("typeof axe === 'undefined'")) await page.evaluate(axe);
          const results = await page.evaluate<AxeResults>(
            `axe.run(document, { runOnly: ${JSON.stringify(RULES[rules])} })`,
          );
          return results.violations.flatMap(({ id, help, nodes }) =>
            nodes.map(
              ({ html, failureSummary = '' }) => `${id}: ${help}: ${html.slice(0, 200)} ${failureSummary}`,
            ),
          );
        },
        switchColours: async (scheme) => {
          await page.emulateMedia({ colorScheme: scheme });
          await page.waitForSelector(`html[data-theme="${scheme}"]`, { state: 'attached' });
        },
        overflow: () =>
          page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth),
        picture: async (name) => {
          const folder = join(ROOT, 'test-results');
          mkdirSync(folder, { recursive: true });
          await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
        },
      };
    },
    [Symbol.asyncDispose]: () => browser.close(),
  };
}
