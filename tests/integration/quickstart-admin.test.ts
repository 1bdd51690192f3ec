import { afterAll, beforeAll, expect, test } from 'vitest';
import { verifyPassword } from '#lib/platform/password.ts';
import { ensureFirstAdmin, readAdminWish } from '#scripts/dev/first-admin.ts';
import { createCatalogue } from '#tests/support/catalogue.ts';
import { startPostgres, type TestPostgres } from '#tests/support/postgres.ts';

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

async function freshCatalogue(name: string) {
  const catalogue = await createCatalogue(server, name);
  const env = { ...process.env, DATABASE_URL: catalogue.url.reveal() };
  const admins = () => catalogue.raw`select email, role, password_hash as hash from users order by email`;
  return { catalogue, env, admins };
}

test('a made-up password is told once, works, and is not made again', async () => {
  const { catalogue, env, admins } = await freshCatalogue('generated');
  const wish = readAdminWish({ NODE_ENV: 'test' });
  const first = await ensureFirstAdmin(env, wish);
  expect(first).toMatchObject({ email: 'admin@example.test' });
  const [admin] = await admins();
  expect(admin).toMatchObject({ email: 'admin@example.test', role: 'admin' });
  expect(await verifyPassword(first.newPassword ?? '', admin?.['hash'] as string)).toBe(true);

  expect(await ensureFirstAdmin(env, wish)).toEqual({ email: 'admin@example.test', newPassword: null });
  expect((await admins())[0]?.['hash']).toBe(admin?.['hash']);
  await catalogue.close();
});

test('HOLDFAST_ADMIN_EMAIL and _PASSWORD are used and not told; later ones change nobody', async () => {
  const { catalogue, env, admins } = await freshCatalogue('given');
  const given = readAdminWish({
    NODE_ENV: 'test',
    HOLDFAST_ADMIN_EMAIL: 'User-7@example.test',
    HOLDFAST_ADMIN_PASSWORD: 'correct horse battery',
  });
  expect(await ensureFirstAdmin(env, given)).toEqual({ email: 'user-7@example.test', newPassword: null });
  expect(await verifyPassword('correct horse battery', (await admins())[0]?.['hash'] as string)).toBe(true);
  await ensureFirstAdmin(env, { email: 'user-8@example.test', password: 'another one entirely' });
  expect(await admins()).toHaveLength(1);
  await catalogue.close();
});

test.each([
  [{ HOLDFAST_ADMIN_EMAIL: 'nobody' }, 'HOLDFAST_ADMIN_EMAIL'],
  [{ HOLDFAST_ADMIN_PASSWORD: 'short' }, 'HOLDFAST_ADMIN_PASSWORD'],
])('%j is refused by name', (env, variable) => {
  expect(() => readAdminWish({ NODE_ENV: 'test', ...env })).toThrow(variable);
});
