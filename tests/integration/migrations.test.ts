import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrateCatalogue } from '#db/migrate.ts';
import { createCatalogue } from '#tests/support/catalogue.ts';
import { startPostgres, type TestPostgres } from '#tests/support/postgres.ts';

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

test('migrations apply to an empty database, and a second time change nothing', async () => {
  const catalogue = await createCatalogue(server);
  const count = async () =>
    (await catalogue.raw`select count(*)::int as n from drizzle.__drizzle_migrations`)[0]?.['n'] as number;
  const first = await count();
  expect(first).toBeGreaterThan(0);
  await migrateCatalogue(catalogue.url);
  expect(await count()).toBe(first);
  await catalogue.close();
});

test('two starts at once migrate once', async () => {
  const url = await server.createDatabase('twice');
  await Promise.all([migrateCatalogue(url), migrateCatalogue(url)]);
  const rows = await server.sql<{ n: number }>(
    'twice',
    'select count(*)::int as n, count(distinct hash)::int as d from drizzle.__drizzle_migrations',
  );
  expect(rows[0]).toMatchObject({ n: (rows[0] as unknown as { d: number }).d });
});

test('a wrong password is refused by the test server', async () => {
  await expect(server.sql('postgres', 'select 1')).resolves.toHaveLength(1);
  const { default: postgres } = await import('postgres');
  const client = postgres(`postgres://postgres:wrong@127.0.0.1:${String(server.port)}/postgres`, { max: 1 });
  await expect(client`select 1`).rejects.toMatchObject({ code: '28P01' });
  await client.end();
});
