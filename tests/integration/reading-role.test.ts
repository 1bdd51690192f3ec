import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readingRoleSql } from '#lib/client/reading-role.ts';
import { startPostgres, type TestPostgres } from '#tests/support/postgres.ts';

const run = promisify(execFile);

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres();
  await server.createDatabase('my shop');
  await server.sql(
    'my shop',
    'create schema "Side %"; create table items (id int); create table "Side %"."More" (id serial); insert into items values (1)',
  );
});
afterAll(() => server[Symbol.asyncDispose]());

const psql = (user: string, text: string) =>
  run('psql', [
    ...['--host', '127.0.0.1', '--port', String(server.port), '--username', user, '--dbname', 'my shop'],
    ...['--no-psqlrc', '--quiet', '--tuples-only', '--set', 'ON_ERROR_STOP=1', '--command', text],
  ]);
/** psql asks for the password on a terminal; what it does is shown by the statements around it. */
const lines = (script: string): string[] =>
  script
    .split(/;\n|;$/)
    .map((statement) => statement.replace(/^\\(password|connect).*$/gm, '').trim())
    .filter((statement) => statement !== '');

test.each(['modern', 'old'] as const)(
  'the %s statements give a role that reads all and changes nothing',
  async (kind) => {
    const role = `reader ${kind} 100%`;
    const script = readingRoleSql(role, 'my shop')[kind];
    // The block of the older servers holds semicolons of its own.
    const statements = script.includes('do $$')
      ? [
          ...lines(script.slice(0, script.indexOf('do $$'))),
          script.slice(script.indexOf('do $$'), script.indexOf('end $$;') + 7),
          ...lines(script.slice(script.indexOf('end $$;') + 7)),
        ]
      : lines(script);
    for (const statement of statements) await psql('postgres', statement);
    const { stdout } = await psql(
      role,
      'select (select count(*) from items) + (select count(*) from "Side %"."More")',
    );
    expect(stdout.trim()).toBe('1');
    await run('pg_dump', [
      ...['--host', '127.0.0.1', '--port', String(server.port), '--username', role, '--dbname', 'my shop'],
      ...['--file', '/dev/null'],
    ]);
    await expect(psql(role, 'insert into items values (2)')).rejects.toThrow(/permission denied/);
    await expect(psql(role, 'create database other')).rejects.toThrow(/permission denied/);
  },
);
