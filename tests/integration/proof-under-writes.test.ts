import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DEFAULT_VERIFICATION_POLICY, type VerificationPolicy } from '#lib/contracts/verification.ts';
import { parseConfig, type Config } from '#lib/platform/config.ts';
import { readManifestFile } from '#tests/support/broken-backups.ts';
import { startPostgres, type TestPostgres } from '#tests/support/postgres.ts';
import { noteOf, takeBackup, verifyBackup } from '#tests/support/verify-backup.ts';

const WRITERS = 6;
const ACCOUNTS = 150_000;

let server: TestPostgres;
let home: string;
let config: Config;
beforeAll(async () => {
  server = await startPostgres();
  home = mkdtempSync(join(tmpdir(), 'hf-writes-'));
  await server.createDatabase('bank');
  await server.sql(
    'bank',
    `create table accounts (id int primary key, balance bigint not null default 0, note text);
     create table movements (id bigserial primary key, account int not null references accounts, amount bigint not null, at timestamptz default clock_timestamp());
     create table closed (account int, at timestamptz default clock_timestamp());
     insert into accounts (id, note) select g, sha256(g::text::bytea)::text from generate_series(1, ${String(ACCOUNTS)}) g;`,
  );
  config = parseConfig({
    PGHOST: '127.0.0.1',
    PGPORT: String(server.port),
    PGUSER: 'postgres',
    PGPASSWORD: 'postgres',
    PGDATABASE: 'bank',
    HOLDFAST_DATA_DIR: join(home, 'data'),
    BACKUP_LOCAL_PATH: join(home, 'backups'),
    PATH: process.env['PATH'] ?? '',
  });
});
afterAll(async () => {
  rmSync(home, { recursive: true, force: true });
  await server[Symbol.asyncDispose]();
});

/** Moves money and closes accounts until told to stop; says how often it committed. */
async function write(isOver: () => boolean): Promise<number> {
  const sql = postgres(server.url('bank').reveal(), { max: 1, onnotice: () => undefined });
  let commits = 0;
  try {
    while (!isOver()) {
      const account = 1 + Math.floor(Math.random() * ACCOUNTS);
      const amount = Math.floor(Math.random() * 1000) - 300;
      await sql.begin(async (tx) => {
        // Locks the account first, so that its movements are always those of its balance.
        await tx`update accounts set balance = balance + ${amount} where id = ${account}`;
        await tx`insert into movements (account, amount) values (${account}, ${amount})`;
        if (commits % 7 === 0) {
          await tx`delete from movements where account = ${account}`;
          await tx`update accounts set balance = 0 where id = ${account}`;
          await tx`insert into closed (account) values (${account})`;
        }
      });
      commits += 1;
    }
  } finally {
    await sql.end({ timeout: 5 });
  }
  return commits;
}

test('a backup taken while everybody writes is restored to exactly its own instant, down to the last value', async () => {
  let isOver = false;
  const writing = Array.from({ length: WRITERS }, () => write(() => isOver));
  const committed = async (): Promise<number> =>
    Number((await server.sql<{ n: string }>('bank', 'select last_value n from movements_id_seq'))[0]?.n);
  let backup;
  let before;
  let after;
  try {
    while ((await committed()) < 200) await new Promise((resolve) => setTimeout(resolve, 20));
    before = await committed();
    backup = await takeBackup(config);
    after = await committed();
  } finally {
    isOver = true;
  }
  const commits = (await Promise.all(writing)).reduce((sum, count) => sum + count, 0);

  const { facts, snapshot } = readManifestFile(backup);
  expect(snapshot).not.toBeNull();
  // They did write while it was dumped, and the dump did not hold them up.
  expect(after - before).toBeGreaterThan(100);
  const [sequence] = facts.sequences ?? [];
  expect(BigInt(sequence?.after?.last ?? 0) - BigInt(sequence?.before?.last ?? 0)).toBeGreaterThan(100n);
  const [now] = await server.sql<{ n: string }>('bank', 'select count(*) n from closed');
  expect(facts.tables.find(({ name }) => name === 'closed')?.rows).toBeLessThan(Number(now?.n));
  expect(commits).toBeGreaterThan(300);

  const policy: VerificationPolicy = {
    ...DEFAULT_VERIFICATION_POLICY,
    sqlChecks: [
      {
        name: 'accounts out of balance',
        sql: `select count(*) from accounts a
          left join (select account, sum(amount) as moved from movements group by account) m on m.account = a.id
          where a.balance <> coalesce(m.moved, 0)`,
        comparison: '=',
        value: 0,
        severity: 'critical',
      },
    ],
  };
  const seen = await verifyBackup(config, backup, 'restore', { recorded: noteOf(backup), policy });
  expect(seen.checks.filter(({ verdict }) => verdict !== 'PASSED')).toEqual([]);
  expect(seen.outcome).toMatchObject({ status: 'PASSED', proven: true, error: null });
  for (const name of ['accounts', 'movements', 'closed']) {
    expect(seen.named('PASSED')).toContain(`rows:public.${name}`);
    expect(seen.named('PASSED')).toContain(`content:public.${name}`);
  }
  expect(seen.named('PASSED')).toContain('sql:accounts out of balance');
});
