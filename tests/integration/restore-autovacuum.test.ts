import { afterAll, beforeAll, expect, test } from 'vitest';
import { openRestoreServer } from '#lib/sources/registry.ts';
import { configFor, factsContext } from '#tests/support/facts.ts';
import { startPostgres, type TestPostgres } from '#tests/support/postgres.ts';
import { eventually } from '#tests/support/worker.ts';

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres();
  // A table that was just filled is vacuumed at once, and so slowly that it goes on until it is ended.
  await server.sql('postgres', `alter system set autovacuum_naptime = '1s'`);
  await server.sql('postgres', 'select pg_reload_conf()');
  await server.sql('postgres', `create role plain login createdb password 'plain'`);
  await server.sql('postgres', 'create database copy owner plain');
  await server.sql(
    'copy',
    `create table t (id integer, filler text) with (autovacuum_vacuum_threshold = 1, autovacuum_vacuum_scale_factor = 0,
       autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1);
     insert into t select n, repeat('x', 500) from generate_series(1, 20000) n;
     delete from t where id % 2 = 0`,
  );
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const untilVacuumed = (database: string) =>
  eventually(
    async () =>
      (
        await server.sql(
          'postgres',
          `select from pg_stat_activity where datname = '${database}' and backend_type = 'autovacuum worker'`,
        )
      ).length > 0,
    () => `nothing vacuums ${database}`,
    30_000,
  );

test('who is no superuser renames and drops a copy while autovacuum is in it', async () => {
  const restores = openRestoreServer(configFor(server, 'copy', { PGUSER: 'plain', PGPASSWORD: 'plain' }));
  const names = async () =>
    (
      await server.sql<{ datname: string }>(
        'postgres',
        `select datname from pg_database where datname in ('copy', 'target')`,
      )
    ).map(({ datname }) => datname);

  await untilVacuumed('copy');
  await restores.rename(factsContext(), 'copy', 'target');
  expect(await names()).toEqual(['target']);

  await untilVacuumed('target');
  await restores.drop(factsContext(), { database: 'target', id: '00000000-0000-4000-8000-000000000001' });
  expect(await names()).toEqual([]);
}, 90_000);
