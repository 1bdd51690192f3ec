import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { startConsole, type Person, type TestConsole } from '../support/console.ts';

/** A browser's cookie jar, as far as a sign-in needs one. */
class Jar {
  readonly #cookies = new Map<string, string>();

  async fetch(url: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set('cookie', [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; '));
    const response = await fetch(url, { ...init, headers, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      const at = pair.indexOf('=');
      if (/max-age=0|expires=thu, 01 jan 1970/i.test(line) || pair.length === at + 1) {
        this.#cookies.delete(pair.slice(0, at));
      } else this.#cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    return response;
  }

  async signIn(
    origin: string,
    person: Person,
    headers: Record<string, string> = {},
  ): Promise<{ response: Response; url: URL }> {
    const csrf = (await (await this.fetch(`${origin}/api/auth/csrf`)).json()) as { csrfToken: string };
    const response = await this.fetch(`${origin}/api/auth/callback/credentials`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      body: new URLSearchParams({ ...person, csrfToken: csrf.csrfToken, json: 'true', callbackUrl: origin }),
    });
    return { response, url: new URL(((await response.json()) as { url: string }).url) };
  }
}

describe('the web server, over real HTTP', () => {
  let running: TestConsole;
  let token: string;
  beforeAll(async () => {
    running = await startConsole();
    token = running.token('admin');
  });
  afterAll(async () => {
    await running[Symbol.asyncDispose]();
  });
  const attachLog = (): void => {
    onTestFailed(() => {
      process.stderr.write(`${running.log()}\n`);
    });
  };
  const api = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${running.origin}${path}`, {
      redirect: 'manual',
      ...init,
      headers: { authorization: `Bearer ${token}`, ...(init.headers as Record<string, string> | undefined) },
    });

  it('lets a person in unconfigured, under the host they used, with a cookie no script can read', async () => {
    attachLog();
    const { port } = new URL(running.origin);
    const jar = new Jar();
    const { response, url } = await jar.signIn(running.origin, running.admin);
    expect(url.origin).toBe(running.origin);
    const cookie = response.headers.getSetCookie().find((line) => line.startsWith('holdfast.session='));
    expect(cookie).toMatch(/HttpOnly/i);
    expect(cookie).toMatch(/SameSite=lax/i);
    expect((await jar.fetch(`${running.origin}/api/v1/overview`)).status).toBe(200);
    const session = (await (await jar.fetch(`${running.origin}/api/auth/session`)).json()) as object;
    expect(session).toMatchObject({ user: { email: running.admin.email } });
    // The host of the request, not the first one ever seen.
    const providers = await fetch(`${running.origin}/api/auth/providers`, {
      headers: { 'x-forwarded-host': `localhost:${port}` },
    });
    expect(await providers.text()).toContain(`http://localhost:${port}/api/auth/callback/credentials`);
  });

  it('changes nothing for a cookie that another site sends along', async () => {
    attachLog();
    const jar = new Jar();
    await jar.signIn(running.origin, running.admin);
    const post = (headers: Record<string, string>) =>
      jar.fetch(`${running.origin}/api/v1/admin/backup/trigger`, { method: 'POST', headers });
    expect((await post({ origin: 'https://evil.example' })).status).toBe(403);
    expect((await post({})).status).toBe(403);
  });

  it('takes the address from the socket, whatever a client writes into headers', async () => {
    attachLog();
    await new Jar().signIn(
      running.origin,
      { email: 'user-0009@example.test', password: 'not a password' },
      { 'x-forwarded-for': '203.0.113.77', 'x-holdfast-peer': '203.0.113.78' },
    );
    const log = await (await api('/api/v1/admin/audit?limit=5')).text();
    expect(log).toContain('user.sign-in-failed');
    expect(log).toContain('127.0.0.1');
    expect(log).not.toContain('203.0.113.7');
  });

  it('closes after ten wrong passwords and says for how long', async () => {
    attachLog();
    const attempts = await Promise.all(
      Array.from({ length: 12 }, () =>
        new Jar().signIn(running.origin, { email: 'user-0010@example.test', password: 'not a password' }),
      ),
    );
    const errors = attempts.map(({ url }) => url.searchParams.get('error'));
    expect(errors.filter((error) => error === 'CredentialsSignin')).toHaveLength(10);
    expect(errors.filter((error) => /^Throttled:\d+$/.test(error ?? ''))).toHaveLength(2);
  });

  it('takes a backup, streams it with ranges, and survives clients that leave', async () => {
    attachLog();
    const started = await api('/api/v1/admin/backup/trigger', { method: 'POST' });
    expect(started.status).toBe(202);
    const { id } = (await started.json()) as { id: string };
    const detail = async () =>
      (await (await api(`/api/v1/admin/backup/${id}`)).json()) as {
        status: string;
        size: number;
        filename: string;
        checksum: string;
      };
    await expect.poll(async () => (await detail()).status, { timeout: 60_000 }).toBe('COMPLETED');
    const { size, filename, checksum } = await detail();
    const { url } = (await (await api(`/api/v1/admin/backup/${id}/download`)).json()) as { url: string };
    expect(new URL(url).origin).toBe(running.origin);

    const whole = await fetch(url);
    expect(whole.status).toBe(200);
    expect(whole.headers.get('content-length')).toBe(String(size));
    expect(whole.headers.get('content-disposition')).toContain(filename);
    const bytes = Buffer.from(await whole.arrayBuffer());
    const { createHash } = await import('node:crypto');
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(checksum);

    const part = await fetch(url, { headers: { range: 'bytes=10-19' } });
    expect(part.status).toBe(206);
    expect(part.headers.get('content-range')).toBe(`bytes 10-19/${String(size)}`);
    expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(10, 20))).toBe(true);
    const head = await fetch(url, { method: 'HEAD' });
    expect(head.headers.get('content-length')).toBe(String(size));

    for (let i = 0; i < 20; i += 1) {
      const leaving = new AbortController();
      await fetch(url, { signal: leaving.signal });
      leaving.abort();
    }
    expect((await fetch(url)).status).toBe(200);
    expect(running.log()).not.toMatch(/unhandled|uncaught|ERR_STREAM/i);

    const redirect = await api(`/api/v1/admin/backup/${id}/download?redirect=1`);
    expect(redirect.status).toBe(302);
    expect((await fetch(redirect.headers.get('location') ?? '')).status).toBe(200);
    const young = await api(`/api/v1/admin/backup/${id}`, { method: 'DELETE' });
    expect(await young.json()).toMatchObject({ status: 409, code: 'protected' });
  });

  it('sends its security headers on pages and answers, and 405 for what a route does not know', async () => {
    attachLog();
    for (const path of ['/login', '/api/health/live']) {
      const { headers } = await fetch(`${running.origin}${path}`);
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
      expect(headers.get('content-security-policy')).not.toContain('unsafe-eval');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('strict-transport-security')).toBeNull();
      expect(headers.get('x-powered-by')).toBeNull();
    }
    const secure = await fetch(`${running.origin}/login`, { headers: { 'x-forwarded-proto': 'https' } });
    expect(secure.headers.get('strict-transport-security')).toContain('max-age');
    expect((await api('/api/v1/admin/backup/history', { method: 'DELETE' })).status).toBe(405);
    const broken = await api('/api/v1/admin/backup/trigger', { method: 'POST', body: '{' });
    expect(broken.status).toBe(400);
    expect(broken.headers.get('content-type')).toBe('application/problem+json');
  });
});
