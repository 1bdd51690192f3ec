import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readingRoleSql } from '#lib/client/reading-role.ts';
import { startPostgres, type TestPostgres } from '#tests/support/postgres.ts';

const DATABASE = 'My-shop';

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres();
  await server.createDatabase(DATABASE);
  await server.sql(
    DATABASE,
    'create schema "Side %"; create table items (id int); create table "Side %"."More" (id serial); insert into items values (1)',
  );
});
afterAll(() => server[Symbol.asyncDispose]());

/** What one of these people may do. */
const as = async (user: string, text: string): Promise<unknown[]> => {
  const client = postgres({
    host: '127.0.0.1',
    port: server.port,
    user,
    password: 'postgres',
    database: DATABASE,
    max: 1,
    connect_timeout: 30,
    onnotice: () => undefined,
  });
  try {
    return [...(await client.unsafe(text))];
  } finally {
    await client.end({ timeout: 5 });
  }
};

/** Without what only psql on a terminal understands. */
const lines = (script: string): string[] =>
  script
    .split(/;\n|;$/)
    .map((statement) => statement.replace(/^\\(password|connect).*$/gm, '').trim())
    .filter((statement) => statement !== '');

test.each(['modern', 'old'] as const)(
  'the %s statements give a role that reads all and changes nothing',
  async (kind) => {
    const role = `reader ${kind} 100%`;
    const script = readingRoleSql(role, DATABASE)[kind];
    // The block of the older servers holds semicolons of its own.
    const statements = script.includes('do $$')
      ? [
          ...lines(script.slice(0, script.indexOf('do $$'))),
          script.slice(script.indexOf('do $$'), script.indexOf('end $$;') + 7),
          ...lines(script.slice(script.indexOf('end $$;') + 7)),
        ]
      : lines(script);
    for (const statement of statements) await as('postgres', statement);
    // As psql's \password would have it.
    await as('postgres', `alter role "${role}" password 'postgres'`);
    const rows = await as(
      role,
      'select ((select count(*) from items) + (select count(*) from "Side %"."More"))::int as n',
    );
    expect(rows).toEqual([{ n: 1 }]);
    await expect(as(role, 'insert into items values (2)')).rejects.toThrow(/permission denied/);
    await expect(as(role, 'create database other')).rejects.toThrow(/permission denied/);
  },
);
