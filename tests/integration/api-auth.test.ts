import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { GET as auditLog } from '#app/api/v1/admin/audit/route.ts';
import { POST as trigger } from '#app/api/v1/admin/backup/trigger/route.ts';
import { GET as settings, PUT as putSettings } from '#app/api/v1/admin/settings/route.ts';
import { DELETE as revoke } from '#app/api/v1/admin/tokens/[id]/route.ts';
import { GET as tokens, POST as createToken } from '#app/api/v1/admin/tokens/route.ts';
import { PATCH as patchUser } from '#app/api/v1/admin/users/[id]/route.ts';
import { GET as users, POST as createUser } from '#app/api/v1/admin/users/route.ts';
import { GET as overview } from '#app/api/v1/overview/route.ts';
import { signIn, THROTTLE } from '#lib/auth/sign-in.ts';
import { AuditList } from '#lib/contracts/audit.ts';
import { DEFAULT_SETTINGS } from '#lib/contracts/settings.ts';
import { CreateTokenResponse, TokenList } from '#lib/contracts/token.ts';
import { UserList, UserRow } from '#lib/contracts/user.ts';
import type { Actor } from '#lib/core/actor.ts';
import { createToken as makeToken } from '#lib/services/tokens.ts';
import { changePassword } from '#lib/services/users.ts';
import { PASSWORD, problemOf, startApi, type TestApi } from '#tests/support/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startApi({ BACKUP_MANUAL_INTERVAL_MINUTES: '0' });
});
afterAll(() => api.close());
beforeEach(async () => {
  await api.catalogue.raw`truncate sign_in_failures`;
});

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const seen = (headers: Record<string, string>) => api.call(overview, 'GET', '/x', { as: null, headers });
const actions = async () =>
  AuditList.parse(await (await api.call(auditLog, 'GET', '/x?limit=200')).json()).data;

describe('sign-in', () => {
  const attempt = (email: unknown, password: unknown, address = '198.51.100.1') =>
    signIn(api.backend, { email, password }, address);

  test('the right password, in any case of the address; audited; the time is kept', async () => {
    expect((await attempt('ADMIN@example.test', PASSWORD)).kind).toBe('signed-in');
    expect((await actions())[0]).toMatchObject({
      action: 'user.sign-in',
      actorName: 'admin@example.test',
      address: '198.51.100.1',
    });
    const { data } = UserList.parse(await (await api.call(users, 'GET', '/x')).json());
    expect(data.find(({ role }) => role === 'admin')?.lastSignInAt).not.toBeNull();
  });

  test('wrong, unknown, disabled and nonsense are refused alike; the failure is audited', async () => {
    expect(await attempt('admin@example.test', 'wrong')).toEqual({ kind: 'refused' });
    expect((await actions())[0]).toMatchObject({ action: 'user.sign-in-failed' });
    expect(await attempt('nobody@example.test', 'wrong')).toEqual({ kind: 'refused' });
    await api.catalogue.raw`update users set is_disabled = true where role = 'viewer'`;
    expect(await attempt('viewer@example.test', PASSWORD)).toEqual({ kind: 'refused' });
    await api.catalogue.raw`update users set is_disabled = false where role = 'viewer'`;
    for (const [email, password] of [
      [undefined, undefined],
      ['admin@example.test', { $ne: null }],
      ['a\u0000b@example.test', 'x'],
      ['x'.repeat(10_000), 'x'],
      ['admin@example.test', 'x'.repeat(10_000)],
    ]) {
      expect(await attempt(email, password)).toEqual({ kind: 'refused' });
    }
  });

  test('an unknown user takes as long as a known one', async () => {
    const median = async (email: string) => {
      const times: number[] = [];
      for (let i = 0; i < 5; i += 1) {
        const start = performance.now();
        await attempt(email, 'wrong', `198.51.100.${String(i)}`);
        times.push(performance.now() - start);
      }
      return times.sort((a, b) => a - b)[2]!;
    };
    const known = await median('admin@example.test');
    const unknown = await median('nobody@example.test');
    expect(unknown / known).toBeGreaterThan(0.5);
    expect(unknown / known).toBeLessThan(2);
    // Neither answered before the hash was computed.
    expect(Math.min(known, unknown)).toBeGreaterThan(20);
  });

  test.each(['admin@example.test', 'nobody@example.test'])(
    'the throttle for %s closes after ten, even for thirty at once and for the right password',
    async (email) => {
      const answers = await Promise.all(
        Array.from({ length: 30 }, (_, i) => attempt(email, 'wrong', `203.0.113.${String(i)}`)),
      );
      expect(answers.filter(({ kind }) => kind === 'refused')).toHaveLength(THROTTLE.perAccount);
      const closed = await attempt(email, PASSWORD);
      expect(closed).toMatchObject({ kind: 'throttled' });
      if (closed.kind !== 'throttled') return;
      expect(closed.retryAfterSeconds).toBeGreaterThan(800);
      expect(closed.retryAfterSeconds).toBeLessThanOrEqual(THROTTLE.windowSeconds);
      await api.catalogue.raw`update sign_in_failures set at = at - interval '15 minutes'`;
      expect((await attempt(email, 'wrong')).kind).toBe('refused');
    },
  );

  test('one address cannot try fifty accounts and go on; another address can', async () => {
    await api.catalogue.raw`
      insert into sign_in_failures (key) select 'address:203.0.113.9' from generate_series(1, ${THROTTLE.perAddress})`;
    expect((await attempt('admin@example.test', PASSWORD, '203.0.113.9')).kind).toBe('throttled');
    expect((await attempt('admin@example.test', PASSWORD, '203.0.113.10')).kind).toBe('signed-in');
  });

  test('success starts the account anew', async () => {
    for (let i = 0; i < 9; i += 1) await attempt('admin@example.test', 'wrong');
    expect((await attempt('admin@example.test', PASSWORD)).kind).toBe('signed-in');
    for (let i = 0; i < 9; i += 1) {
      expect((await attempt('admin@example.test', 'wrong')).kind).toBe('refused');
    }
  });
});

describe('sessions', () => {
  test('a cookie counts; altered, foreign or over it does not', async () => {
    const cookie = await api.cookie(api.users.viewer.id);
    expect((await seen({ cookie })).status).toBe(200);
    expect((await seen({ cookie: `theme=dark; ${cookie}` })).status).toBe(200);
    expect((await seen({ cookie: `${cookie.slice(0, -3)}abc` })).status).toBe(401);
    const now = Math.floor(Date.now() / 1000);
    const old = await api.cookie(api.users.viewer.id, { signedInAt: now - 24 * 3600 - 60 });
    expect((await seen({ cookie: old })).status).toBe(401);
    const stranger = await api.cookie('00000000-0000-4000-8000-000000000000');
    expect((await seen({ cookie: stranger })).status).toBe(401);
  });

  test('role, state and epoch are those of the database now', async () => {
    const cookie = await api.cookie(api.users.admin.id);
    const may = () => api.call(settings, 'GET', '/x', { as: null, headers: { cookie } });
    expect((await may()).status).toBe(200);
    await api.catalogue.raw`update users set role = 'viewer' where id = ${api.users.admin.id}`;
    expect((await may()).status).toBe(403);
    await api.catalogue
      .raw`update users set role = 'admin', is_disabled = true where id = ${api.users.admin.id}`;
    expect((await may()).status).toBe(401);
    await api.catalogue.raw`update users set is_disabled = false, session_epoch = session_epoch + 1
                             where id = ${api.users.admin.id}`;
    expect((await may()).status).toBe(401);
    await api.catalogue.raw`update users set session_epoch = 1 where id = ${api.users.admin.id}`;
    expect((await may()).status).toBe(200);
  });

  test('a change by cookie must come from our own page; a token’s need not', async () => {
    const cookie = await api.cookie(api.users.admin.id);
    const change = (headers: Record<string, string>) =>
      api.call(trigger, 'POST', '/x', { as: null, headers: { cookie, ...headers } });
    for (const headers of [
      {},
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site', origin: 'http://127.0.0.1:3000' },
      { 'sec-fetch-site': 'same-site', origin: 'http://127.0.0.1:4000' },
      { 'sec-fetch-site': 'none' },
    ]) {
      expect(await problemOf(await change(headers))).toMatchObject({ status: 403, code: 'forbidden' });
    }
    expect((await change({ 'sec-fetch-site': 'same-origin' })).status).toBe(202);
    await api.catalogue.raw`truncate backups cascade`;
    expect((await change({ origin: 'http://127.0.0.1:3000' })).status).toBe(202);
    await api.catalogue.raw`truncate backups cascade`;
    expect(
      (await api.call(trigger, 'POST', '/x', { headers: { origin: 'https://evil.example' } })).status,
    ).toBe(202);
  });
});

describe('tokens', () => {
  test('created once, used, listed without the secret, revoked', async () => {
    const response = await api.call(createToken, 'POST', '/x', { json: { name: 'ci', role: 'viewer' } });
    expect(response.status).toBe(201);
    const { id, token, expiresAt } = CreateTokenResponse.parse(await response.json());
    expect(new Date(expiresAt ?? 0).getTime() / 86_400_000 - Date.now() / 86_400_000).toBeCloseTo(90, 1);
    expect((await seen(bearer(token))).status).toBe(200);
    const text = await (await api.call(tokens, 'GET', '/x')).text();
    expect(text).not.toContain(token);
    expect(TokenList.parse(JSON.parse(text)).data.find((row) => row.id === id)).toMatchObject({
      name: 'ci',
      createdBy: 'admin token',
      revokedAt: null,
    });
    const stored = await api.catalogue.raw`select * from api_tokens where id = ${id}`;
    expect(JSON.stringify(stored)).not.toContain(token);
    expect(JSON.stringify(await actions())).not.toContain(token);
    for (let i = 0; i < 2; i += 1) {
      expect((await api.call(revoke, 'DELETE', '/x', { params: { id } })).status).toBe(200);
    }
    expect((await actions()).filter(({ action }) => action === 'token.revoke')).toHaveLength(1);
    expect((await seen(bearer(token))).status).toBe(401);
  });

  test('an expired token, a wrong one, and a good cookie beside a bad token are 401', async () => {
    const response = await api.call(createToken, 'POST', '/x', {
      json: { name: 'short', role: 'admin', expiresInDays: 1 },
    });
    const { id, token } = CreateTokenResponse.parse(await response.json());
    expect((await seen(bearer(token))).status).toBe(200);
    await api.catalogue.raw`update api_tokens set expires_at = now() where id = ${id}`;
    expect((await seen(bearer(token))).status).toBe(401);
    expect((await seen(bearer(`hf_${'A'.repeat(43)}`))).status).toBe(401);
    expect((await seen({ authorization: 'Basic YTpi' })).status).toBe(401);
    const cookie = await api.cookie(api.users.admin.id);
    expect((await seen({ cookie, ...bearer('hf_x') })).status).toBe(401);
  });

  test('it works no longer than whoever made it may make tokens, and again when they may again', async () => {
    const { id, email } = api.users.admin;
    const person: Actor = { kind: 'user', id, name: email, role: 'admin' };
    const { token } = await makeToken(api.backend, person, {
      name: 'mine',
      role: 'viewer',
      expiresInDays: 1,
    });
    const set = (isDisabled: boolean, role: string) =>
      api.catalogue
        .raw`update users set is_disabled = ${isDisabled}, role = ${role}::user_role where id = ${id}`;
    try {
      expect((await seen(bearer(token))).status).toBe(200);
      await set(true, 'admin');
      expect((await seen(bearer(token))).status).toBe(401);
      await set(false, 'viewer');
      expect((await seen(bearer(token))).status).toBe(401);
    } finally {
      await set(false, 'admin');
    }
    expect((await seen(bearer(token))).status).toBe(200);
  });

  test.each(['a\nb', 'a\u0000b', '../a', ' ', 'x'.repeat(101)])('the name %j is refused', async (name) => {
    const json = { name, role: 'viewer' };
    const problem = await problemOf(await api.call(createToken, 'POST', '/x', { json }));
    expect(problem).toMatchObject({ status: 422, code: 'invalid' });
    expect(problem.errors?.map(({ field }) => field)).toEqual(['name']);
  });

  test('a body that is not JSON is 400 on every route that takes one; a malformed id 422, an unknown one 404', async () => {
    const id = '00000000-0000-4000-8000-000000000000';
    for (const [handler, method] of [
      [createToken, 'POST'],
      [createUser, 'POST'],
      [patchUser, 'PATCH'],
      [putSettings, 'PUT'],
    ] as const) {
      const broken = await problemOf(
        await api.call(handler, method, '/x', { params: { id }, body: '{"a":' }),
      );
      expect(broken).toMatchObject({ status: 400, code: 'usage' });
    }
    for (const [handler, method, json] of [
      [revoke, 'DELETE', undefined],
      [patchUser, 'PATCH', { role: 'viewer' }],
    ] as const) {
      for (const [given, status] of [
        ['../x', 422],
        ['1', 422],
        [id, 404],
      ] as const) {
        const options = { params: { id: given }, ...(json === undefined ? {} : { json }) };
        const problem = await problemOf(await api.call(handler, method, '/x', options));
        expect(problem.status).toBe(status);
        if (status === 422) expect(problem.errors?.[0]?.field).toBe('id');
      }
    }
  });

  test('bad input names the field', async () => {
    const problem = await problemOf(
      await api.call(createToken, 'POST', '/x', { json: { name: 'a\nb', role: 'root', expiresInDays: 0 } }),
    );
    expect(problem.status).toBe(422);
    expect(problem.errors?.map(({ field }) => field).sort()).toEqual(['expiresInDays', 'name', 'role']);
    const unknown = await api.call(revoke, 'DELETE', '/x', {
      params: { id: '00000000-0000-4000-8000-000000000000' },
    });
    expect(await problemOf(unknown)).toMatchObject({ status: 404 });
  });
});

describe('users', () => {
  const patch = (id: string, json: unknown, headers?: Record<string, string>) =>
    api.call(patchUser, 'PATCH', '/x', {
      params: { id },
      json,
      ...(headers === undefined ? {} : { as: null, headers }),
    });

  test('create, change of role, reset, disable: each ends the sessions and is audited', async () => {
    const created = await api.call(createUser, 'POST', '/x', {
      json: { email: 'User-0001@Example.test', password: 'a long enough one', role: 'viewer' },
    });
    expect(created.status).toBe(201);
    const text = await created.text();
    expect(text).not.toContain('scrypt');
    const { id, email } = UserRow.parse(JSON.parse(text));
    expect(email).toBe('user-0001@example.test');
    const again = await api.call(createUser, 'POST', '/x', {
      json: { email, password: 'a long enough one', role: 'viewer' },
    });
    expect(await problemOf(again)).toMatchObject({ status: 409, code: 'conflict' });
    let epoch = 1;
    for (const [change, action] of [
      [{ role: 'admin' }, 'user.role'],
      [{ password: 'another long one' }, 'user.reset-password'],
      [{ isDisabled: true }, 'user.disable'],
    ] as const) {
      const cookie = await api.cookie(id, { epoch });
      if (action !== 'user.disable') expect((await seen({ cookie })).status).toBe(200);
      expect((await patch(id, change)).status).toBe(200);
      expect((await seen({ cookie })).status).toBe(401);
      expect((await actions())[0]).toMatchObject({ action, subjectId: id });
      epoch += 1;
    }
    expect(JSON.stringify(await actions())).not.toContain('another long one');
    // Nothing changed: nothing happens.
    const before = (await actions()).length;
    expect((await patch(id, { isDisabled: true })).status).toBe(200);
    expect((await actions()).length).toBe(before);
  });

  test('the last administrator stays, also when two go at once', async () => {
    expect(await problemOf(await patch(api.users.admin.id, { role: 'viewer' }))).toMatchObject({
      status: 409,
      code: 'protected',
    });
    expect(await problemOf(await patch(api.users.admin.id, { isDisabled: true }))).toMatchObject({
      code: 'protected',
    });
    const second = UserRow.parse(
      await (
        await api.call(createUser, 'POST', '/x', {
          json: { email: 'user-0002@example.test', password: 'a long enough one', role: 'admin' },
        })
      ).json(),
    );
    const both = await Promise.all([
      patch(second.id, { role: 'viewer' }),
      patch(api.users.admin.id, { role: 'viewer' }),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
    await api.catalogue
      .raw`update users set role = 'admin', session_epoch = 1 where id = ${api.users.admin.id}`;
  });

  test('nobody changes their own role or state', async () => {
    const cookie = await api.cookie(api.users.admin.id);
    const own = await patch(
      api.users.admin.id,
      { role: 'viewer' },
      { cookie, 'sec-fetch-site': 'same-origin' },
    );
    expect(await problemOf(own)).toMatchObject({ status: 409, code: 'conflict' });
  });

  test('changing the own password asks for the old one and ends every session', async () => {
    const viewer = {
      kind: 'user',
      id: api.users.viewer.id,
      name: 'viewer@example.test',
      role: 'viewer',
    } as const;
    const cookie = await api.cookie(viewer.id);
    await expect(
      changePassword(api.backend, viewer, { currentPassword: 'wrong', newPassword: 'a new long password' }),
    ).rejects.toMatchObject({ code: 'invalid', fields: { field: 'currentPassword' } });
    expect((await seen({ cookie })).status).toBe(200);
    await changePassword(api.backend, viewer, {
      currentPassword: PASSWORD,
      newPassword: 'a new long password',
    });
    expect((await seen({ cookie })).status).toBe(401);
    expect(
      (await signIn(api.backend, { email: viewer.name, password: 'a new long password' }, '192.0.2.1')).kind,
    ).toBe('signed-in');
  });

  test('a short password and a wrong address are refused, naming the fields', async () => {
    const problem = await problemOf(
      await api.call(createUser, 'POST', '/x', {
        json: { email: 'nobody', password: 'short', role: 'admin' },
      }),
    );
    expect(problem.errors?.map(({ field }) => field).sort()).toEqual(['email', 'password']);
  });
});

test('settings are kept, checked, audited, and never show a secret', async () => {
  const json = {
    ...DEFAULT_SETTINGS,
    emergencyContacts: [
      { name: 'On-call desk', role: 'first', phone: '+1 555 0100', email: 'desk@example.test' },
    ],
    rpoHours: 12,
    rtoMinutes: 30,
  };
  expect((await api.call(putSettings, 'PUT', '/x', { json })).status).toBe(200);
  const text = await (await api.call(settings, 'GET', '/x')).text();
  expect(JSON.parse(text)).toMatchObject({
    settings: json,
    installation: { source: { database: 'ims_db' } },
  });
  expect(text).not.toMatch(/secret|password|postgres:\/\//i);
  expect((await actions())[0]).toMatchObject({ action: 'settings.change' });
  const problem = await problemOf(
    await api.call(putSettings, 'PUT', '/x', { json: { ...json, rpoHours: 0 } }),
  );
  expect(problem.errors?.[0]?.field).toBe('rpoHours');
});

test('the audit log pages by id', async () => {
  const first = AuditList.parse(await (await api.call(auditLog, 'GET', '/x?limit=2')).json());
  expect(first.data).toHaveLength(2);
  const next = AuditList.parse(
    await (await api.call(auditLog, 'GET', `/x?limit=2&before=${String(first.nextBefore)}`)).json(),
  );
  expect(next.data[0]!.id).toBeLessThan(first.data[1]!.id);
});
