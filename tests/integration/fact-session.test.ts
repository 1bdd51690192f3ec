import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type postgres from 'postgres';
import { connect } from '#lib/sources/postgres/connect.ts';
import { openFactSession, type FactSession } from '#lib/sources/postgres/fact-session.ts';
import { configFor, factsContext } from '#tests/support/facts.ts';
import { startPostgres, type TestPostgres } from '#tests/support/postgres.ts';

let server: TestPostgres;
let sql: postgres.Sql;
let session: FactSession;

beforeAll(async () => {
  server = await startPostgres();
  await server.createDatabase('asked');
  await server.sql('asked', 'create table held (id int); insert into held values (1)');
});
afterAll(() => server[Symbol.asyncDispose]());

beforeEach(async () => {
  sql = await connect(configFor(server, 'asked').source);
  session = await openFactSession(sql, null, { ...factsContext(), timeUp: null });
});
afterEach(async () => {
  await session.end();
  await sql.end({ timeout: 1 });
});

const numberOf = async (text: string): Promise<unknown> =>
  (await session.ask<{ n: number }>('a number', `select ${text}::int as n`)).rows?.[0]?.n;
const pidOf = (): Promise<unknown> => numberOf('pg_backend_pid()');

test('what is asked at the same time is answered in order, and one that fails spoils none of the others', async () => {
  const answers = await Promise.all([
    numberOf('1'),
    session.ask('no such column', 'select nothing from public.held'),
    numberOf('2'),
    session.ask('not even SQL', 'selec'),
    numberOf('3'),
  ]);
  expect(answers).toMatchObject([
    1,
    { rows: null, unknown: 'query-failed', code: '42703' },
    2,
    { rows: null, unknown: 'query-failed', code: '42601' },
    3,
  ]);
});

test('the rows are those of the statement and not of the one before it, and its locks are gone afterwards', async () => {
  const lock = 'lock table only public.held in access share mode nowait';
  expect(await session.ask('held', 'select id from public.held', lock)).toEqual({
    rows: [{ id: 1 }],
    unknown: null,
  });
  await server.sql('asked', `set lock_timeout = '1s'; alter table held add column if not exists more int`);
});

test('a lock that is not to be had is told, and nothing is read without it', async () => {
  const holder = await connect(configFor(server, 'asked').source);
  try {
    await holder.unsafe('begin; lock table held');
    const lock = 'lock table only public.held in access share mode nowait';
    expect(await session.ask('held', 'select id from public.held', lock)).toMatchObject({
      rows: null,
      code: '55P03',
    });
    await holder.unsafe('rollback');
    expect(await session.ask('held', 'select id from public.held', lock)).toMatchObject({ unknown: null });
  } finally {
    await holder.end({ timeout: 1 });
  }
});

test('a connection that is lost takes its transaction with it: nothing is read outside, now or later', async () => {
  const pid = String(await pidOf());
  const slow = session.ask('slow', 'select pg_sleep(60)');
  const behind = session.ask('behind it', 'select 1 as n');
  await expect
    .poll(
      async () =>
        (
          await server.sql(
            'postgres',
            `select from pg_stat_activity where pid = ${pid} and wait_event = 'PgSleep'`,
          )
        ).length,
    )
    .toBe(1);
  await server.sql('postgres', `select pg_terminate_backend(${pid}, 10000)`);
  expect(await slow).toMatchObject({ rows: null, unknown: 'query-failed' });
  expect(await behind).toMatchObject({ rows: null, unknown: 'query-failed' });
  expect(await session.ask('later', 'select 1 as n')).toMatchObject({ rows: null, unknown: 'query-failed' });
  expect(await server.sql('postgres', `select from pg_stat_activity where datname = 'asked'`)).toEqual([]);
});
