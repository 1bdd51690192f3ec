import { describe, expect, it } from 'vitest';
import { Problem } from '#lib/contracts/problem.ts';
import { startBrowsedConsole } from '../support/browsed-console.ts';
import { describeWith } from '../support/needs.ts';

describeWith('browser')('who may do what', () => {
  const scene = startBrowsedConsole();
  it('sends a stranger to the sign-in page and back to where they wanted to go', async () => {
    const { running, browser } = scene;
    const { page, complaints } = await browser.newPage();
    await page.goto(`${running.origin}/settings/backup?status=FAILED`);
    expect(new URL(page.url()).pathname).toBe('/login');
    await page.fill('#email', running.admin.email);
    await page.fill('#password', running.admin.password);
    await page.click('[data-testid="sign-in"]');
    await page.waitForURL('**/settings/backup?status=FAILED');
    expect(complaints()).toEqual([]);
    expect((await fetch(`${running.origin}/api/v1/admin/backup/history`)).status).toBe(401);
  });

  it('says no to a wrong password without telling whether the account exists', async () => {
    const { running, browser } = scene;
    const { page } = await browser.newPage();
    const texts: string[] = [];
    for (const email of [running.admin.email, 'nobody@example.test']) {
      await page.goto(`${running.origin}/login`);
      await page.fill('#email', email);
      await page.fill('#password', 'not the password');
      await page.click('[data-testid="sign-in"]');
      texts.push(await page.locator('[data-testid="sign-in-failure"]').innerText());
    }
    expect(texts[0]).toBe(texts[1]);
  });

  it('neither shows a viewer the backups nor lets them in', async () => {
    const { running, browser } = scene;
    const { page, signIn } = await browser.newPage();
    await signIn(running.origin, running.viewer);
    await page.waitForSelector('nav');
    expect(await page.locator('a[href="/settings/backup"]').count()).toBe(0);
    const answer = await page.goto(`${running.origin}/settings/backup`);
    expect(answer?.status()).toBe(403);
    expect(await page.locator('[data-testid="create-backup"]').count()).toBe(0);
    const refused = await page.request.get(`${running.origin}/api/v1/admin/backup/history`);
    expect(refused.status()).toBe(403);
    expect(refused.headers()['content-type']).toContain('application/problem+json');
    expect(Problem.parse(await refused.json())).toMatchObject({ code: 'forbidden', status: 403 });
  });

  it('gives a viewer’s token no more than the viewer has', async () => {
    const { running } = scene;
    const ask = (token: string) =>
      fetch(`${running.origin}/api/v1/admin/backup/history`, {
        headers: { authorization: `Bearer ${token}` },
      });
    expect((await ask(running.token('admin'))).status).toBe(200);
    expect((await ask(running.token('viewer'))).status).toBe(403);
    expect((await ask(`hf_${'A'.repeat(43)}`)).status).toBe(401);
  });

  it('refuses a write that comes from another site with the cookie of this one', async () => {
    const { running, browser } = scene;
    const { page, signIn } = await browser.newPage();
    await signIn(running.origin, running.admin);
    const refused = await page.request.post(`${running.origin}/api/v1/admin/backup/trigger`, {
      headers: { origin: 'https://evil.example.test' },
      data: {},
    });
    expect(refused.status()).toBe(403);
  });

  it('signs out everywhere when the password changes', async () => {
    const { running, browser } = scene;
    const [one, other] = [await browser.newPage(), await browser.newPage()];
    await one.signIn(running.origin, running.viewer);
    await other.signIn(running.origin, running.viewer);
    const start = '[data-name="redis-failure"] [data-testid="start-incident"]';
    await other.page.goto(`${running.origin}/runbook#redis-failure`);
    await other.page.waitForSelector(start);
    await one.page.goto(`${running.origin}/account`);
    const fields = one.page.locator('input[type="password"]');
    await fields.nth(0).fill(running.viewer.password);
    for (let index = 1; index < (await fields.count()); index += 1)
      await fields.nth(index).fill('another long password');
    await one.page.locator('form button[type="submit"]').first().click();
    await one.page.waitForURL((url) => url.pathname === '/login');
    // What was open stays open, says so, and goes on after a sign-in elsewhere.
    await other.page.click(start);
    const link = '[data-testid="problem"][data-code="unauthenticated"] a[href="/login"]';
    const [tab] = await Promise.all([
      other.page.context().waitForEvent('page'),
      other.page.click(link, { timeout: 20_000 }),
    ]);
    await tab.waitForSelector('html[data-ready]', { state: 'attached' });
    expect(new URL(tab.url()).pathname).toBe('/login');
    await tab.fill('#email', running.viewer.email);
    await tab.fill('#password', 'another long password');
    await tab.click('[data-testid="sign-in"]');
    await tab.waitForURL((url) => url.pathname !== '/login');
    await other.page.click(start);
    await other.page.waitForSelector('[data-name="redis-failure"][data-status="under-way"]');
  });

  it('says that its own database is away, and comes back once that is', async () => {
    const { running, browser } = scene;
    const [inside, fresh] = [await browser.newPage(), await browser.newPage({ width: 390 })];
    for (const tab of [inside, fresh]) await tab.signIn(running.origin, running.admin);
    await inside.page.waitForSelector('[data-testid="verdict"]');
    const failed = (cause: string) => `[data-testid="failed-page"][data-status="${cause}"]`;
    await running.server.stop();
    try {
      // A click within the console keeps the console around the message; a first load has nothing around it.
      await inside.page.click('nav a[href="/settings/users"]');
      await fresh.page.goto(`${running.origin}/settings/users`);
      for (const { page } of [inside, fresh]) {
        await page.waitForSelector(failed('down'));
        const text = await page.innerText(failed('down'));
        expect(text).toContain('The console’s own database does not answer');
        expect(text).toContain('Backups already stored are not affected');
        await page.getByRole('button', { name: 'Try again' }).click();
      }
      await fresh.page.waitForSelector(`${failed('down')} button:not(.ant-btn-loading)`);
      expect(await inside.page.locator('nav').count()).toBe(1);
      expect(await fresh.page.locator('nav').count()).toBe(0);
      for (const [name, tab] of [
        ['inside', inside],
        ['alone', fresh],
      ] as const) {
        expect(await tab.violations()).toEqual([]);
        for (const width of [390, 1440]) {
          await tab.page.setViewportSize({ width, height: 900 });
          await expect.poll(() => tab.overflow()).toBe(0);
          for (const scheme of ['dark', 'light'] as const) {
            await tab.switchColours(scheme);
            expect(await tab.violations('colours')).toEqual([]);
            await tab.picture(`catalogue-away-${name}-${String(width)}-${scheme}`);
          }
        }
      }
    } finally {
      await running.server.start();
    }
    // One is asked, the other looks again by itself.
    await inside.page.getByRole('button', { name: 'Try again' }).click();
    for (const { page } of [inside, fresh]) {
      await page.getByText(running.viewer.email).waitFor();
      expect(await page.locator('[data-testid="failed-page"]').count()).toBe(0);
    }
    // What failed is told with its cause, and without what the queries asked for.
    expect(running.log()).toContain('who looks at a page could not be read');
    expect(running.log()).not.toMatch(/\bparams: /);
  });

  it('closes the door for a while after ten wrong passwords, for the right one too', async () => {
    const { running, browser } = scene;
    const { page } = await browser.newPage();
    const token = (await (await page.request.get(`${running.origin}/api/auth/csrf`)).json()) as {
      csrfToken: string;
    };
    const attempt = (password: string) =>
      page.request.post(`${running.origin}/api/auth/callback/credentials`, {
        form: { email: 'throttled@example.test', password, csrfToken: token.csrfToken, json: 'true' },
      });
    for (let index = 0; index < 10; index += 1) await attempt(`wrong ${String(index)}`);
    await page.goto(`${running.origin}/login`);
    await page.fill('#email', 'throttled@example.test');
    await page.fill('#password', 'whatever it is');
    await page.click('[data-testid="sign-in"]');
    await page.waitForSelector('[data-testid="sign-in-failure"][data-kind="throttled"]');
  });

  describe('headers', () => {
    it.each(['/login', '/api/health/live', '/'])(
      'of %s forbid framing, sniffing and foreign scripts',
      async (path) => {
        const { running } = scene;
        const { headers } = await fetch(`${running.origin}${path}`, { redirect: 'manual' });
        expect(headers.get('x-content-type-options')).toBe('nosniff');
        expect(headers.get('x-powered-by')).toBeNull();
        expect(headers.get('referrer-policy')).toMatch(/^(no-referrer|same-origin|strict-origin)/);
        const policy = headers.get('content-security-policy') ?? '';
        expect(policy).toContain("frame-ancestors 'none'");
        expect(policy).toContain("default-src 'self'");
        expect(/script-src([^;]*)/.exec(policy)?.[1] ?? '').not.toMatch(/unsafe-inline|unsafe-eval|\*/);
      },
    );
  });
});
