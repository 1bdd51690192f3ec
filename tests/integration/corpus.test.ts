import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEPTHS, type Depth, type VerifyOrder } from '#lib/contracts/verification.ts';
import type { ErrorCode } from '#lib/core/errors.ts';
import { parseConfig, type Config } from '#lib/platform/config.ts';
import { findProgram } from '#scripts/programs.mjs';
import {
  copyBackup,
  DAMAGES,
  forgeRowCount,
  readManifestFile,
  repackDump,
  swapDump,
  type StoredBackup,
} from '#tests/support/broken-backups.ts';
import { startPostgres, type TestPostgres } from '#tests/support/postgres.ts';
import { noteOf, takeBackup, verifyBackup } from '#tests/support/verify-backup.ts';

const SHOP = `
  create table customers (id bigint generated always as identity primary key, name text not null, country text not null);
  create table items (id bigserial primary key, name text not null, price numeric(10, 2), note text, constraint priced check (price >= 0));
  create table orders (id int primary key, customer bigint not null references customers, item bigint references items, amount int not null);
  create table notes (at timestamptz, body text);
  create table apart (a int);
  create index items_name on items (name);
  create index notes_at on notes (at);
  create view cheap as select * from items where price < 10;
  create materialized view per_country as select country, count(*) n from customers group by country;
  create function cents(numeric) returns bigint language sql immutable as 'select ($1 * 100)::bigint';
  create function touched() returns trigger language plpgsql as 'begin return new; end';
  create trigger touch before update on items for each row execute function touched();
  insert into customers (name, country) select 'customer ' || g, (array['DE', 'FR', 'IT'])[1 + g % 3] from generate_series(1, 300) g;
  insert into items (name, price) select 'item ' || g, g / 10.0 from generate_series(1, 2000) g;
  insert into orders select g, 1 + g % 300, 1 + g % 2000, g % 9 from generate_series(1, 3000) g;
  insert into notes select '2026-01-01'::timestamptz + g * interval '1 hour', sha256(g::text::bytea)::text from generate_series(1, 2000) g;
  insert into apart values (1);
  refresh materialized view per_country;
  alter table orders enable row level security;
  create policy own on orders to shop_reader using (amount > 0);
  grant select on items to shop_reader;
  alter table notes owner to shop_owner;
  comment on table items is 'what is sold';
  select lo_from_bytea(7001, 'a picture');`;
/** What is said of the database itself, and no template hands on. */
const OF_THE_DATABASE = `
  alter database shop set work_mem = '5MB';
  alter database shop owner to shop_owner;
  comment on database shop is 'the shop';
  grant connect on database shop to shop_reader;`;

/** One way in which a restored copy can be other than what was backed up; nothing but the facts can tell. */
interface Tampering {
  readonly name: string;
  readonly sql: string;
  /** The checks that fail: these and no others. */
  readonly failed: readonly string[];
  /** Where it is found; `restore` unless the archive's own list tells already. */
  readonly depth?: Depth;
}
const TAMPERINGS: readonly Tampering[] = [
  {
    name: 'one row missing',
    sql: 'delete from notes where body = (select max(body) from notes)',
    failed: ['rows:public.notes'],
  },
  {
    name: 'one value changed, with equal count',
    sql: `update notes set body = body || ' ' where body = (select max(body) from notes)`,
    failed: ['content:public.notes'],
  },
  {
    name: 'another database of the same name',
    sql: `update notes set body = 'of the other shop' where at = (select min(at) from notes); delete from orders`,
    failed: ['content:public.notes', 'rows:public.orders'],
  },
  { name: 'a table missing', sql: 'drop table apart', failed: ['contents'], depth: 'archive' },
  {
    name: 'a sequence behind max(id)',
    sql: `select setval('items_id_seq', 1000)`,
    failed: ['sequence:public.items_id_seq', 'sequences-ahead'],
  },
  {
    name: 'row level security off',
    sql: 'alter table orders disable row level security',
    failed: ['row-security'],
  },
  {
    name: 'a constraint NOT VALID',
    sql: 'alter table items drop constraint priced, add constraint priced check (price >= 0) not valid',
    failed: ['constraints'],
  },
  { name: 'an index missing', sql: 'drop index notes_at', failed: ['indexes'] },
];

let server: TestPostgres;
let home: string;
let identity: { readonly file: string; readonly recipient: string };

const configured = (folder: string, more: Readonly<Record<string, string>> = {}): Config =>
  parseConfig({
    PGHOST: '127.0.0.1',
    PGPORT: String(server.port),
    PGUSER: 'postgres',
    PGPASSWORD: 'postgres',
    PGDATABASE: 'shop',
    HOLDFAST_DATA_DIR: join(home, 'data'),
    BACKUP_LOCAL_PATH: folder,
    BACKUP_AGE_IDENTITY_FILE: identity.file,
    PATH: process.env['PATH'] ?? '',
    ...more,
  });

const KINDS = ['zstd', 'gzip', 'age'] as const;
type Kind = (typeof KINDS)[number];
const good = {} as Record<Kind, { readonly shop: StoredBackup; readonly twin: StoredBackup }>;

/** The shop as it was, under its own name, whatever was done to it before. */
async function resetShop(): Promise<void> {
  await server.sql('postgres', 'drop database if exists shop');
  await server.sql('postgres', 'create database shop template shop_kept');
  for (const statement of OF_THE_DATABASE.split(';\n')) await server.sql('postgres', statement);
}

beforeAll(async () => {
  server = await startPostgres();
  home = mkdtempSync(join(tmpdir(), 'hf-corpus-'));
  const file = join(home, 'identity.txt');
  execFileSync('age-keygen', ['-o', file], { stdio: 'ignore' });
  identity = { file, recipient: execFileSync('age-keygen', ['-y', file], { encoding: 'utf8' }).trim() };

  await server.sql('postgres', 'create role shop_owner; create role shop_reader');
  await server.createDatabase('shop_kept');
  await server.sql('shop_kept', SHOP);
  await resetShop();
  await server.sql('postgres', 'create database twin template shop_kept');
  await server.sql(
    'twin',
    `update notes set body = 'of the other shop' where at = (select min(at) from notes)`,
  );
  const ways: Record<Kind, Readonly<Record<string, string>>> = {
    zstd: {},
    gzip: { BACKUP_COMPRESSION: 'gzip' },
    age: { BACKUP_AGE_RECIPIENTS: identity.recipient },
  };
  for (const kind of KINDS) {
    good[kind] = {
      shop: await takeBackup(configured(join(home, `${kind}-shop`), ways[kind])),
      twin: await takeBackup(configured(join(home, `${kind}-twin`), { PGDATABASE: 'twin', ...ways[kind] })),
    };
  }
});
afterAll(async () => {
  rmSync(home, { recursive: true, force: true });
  await server[Symbol.asyncDispose]();
});

let copies = 0;
const copyOf = (kind: Kind): StoredBackup =>
  copyBackup(good[kind].shop, join(home, `copy-${String(++copies)}`));

const tally = { proven: 0, good: 0, caught: 0, broken: 0 };
afterAll(() => {
  process.stdout.write(
    `corpus: ${String(tally.proven)} of ${String(tally.good)} good backups proven, ${String(tally.caught)} of ${String(tally.broken)} broken ones caught, each by its own check\n`,
  );
});

interface Finding {
  readonly depth: Depth;
  readonly failed: readonly string[];
  readonly code?: ErrorCode;
  readonly recorded?: VerifyOrder['recorded'];
}
/**
 * Verifies a broken backup as deep as there is: it must fail at `depth`, by these checks and no others, and pass
 * everything shallower.
 */
async function expectCaught(
  backup: StoredBackup,
  { depth, failed, code = 'verification_failed', recorded = null }: Finding,
): Promise<void> {
  tally.broken += 1;
  const config = configured(backup.folder);
  const seen = await verifyBackup(config, backup, 'restore', { recorded });
  expect(seen.named('FAILED').sort()).toEqual(failed);
  expect(seen.named('UNKNOWN')).toEqual([]);
  expect(seen.outcome).toMatchObject({
    status: 'FAILED',
    proven: false,
    error: { code, hint: expect.any(String) as string },
  });
  // What decoded was not restored: the verification stops at the depth that failed.
  if (depth !== 'restore') expect(seen.checks.map(({ name }) => name)).not.toContain('restore');
  const shallower = DEPTHS[DEPTHS.indexOf(depth) - 1];
  if (shallower !== undefined) {
    const before = await verifyBackup(config, backup, shallower, { recorded });
    expect(before.named('FAILED')).toEqual([]);
    expect(before.outcome.status).toBe('PASSED');
  }
  tally.caught += 1;
}

describe.each(KINDS)('a %s backup', (kind) => {
  test('that is good is proven, and nothing about it is unknown', async () => {
    tally.good += 1;
    const backup = copyOf(kind);
    const seen = await verifyBackup(configured(backup.folder), backup, 'restore', {
      recorded: noteOf(backup),
    });
    expect(seen.checks.filter(({ verdict }) => verdict !== 'PASSED')).toEqual([]);
    expect(seen.outcome).toMatchObject({ status: 'PASSED', proven: true, place: 'ephemeral', error: null });
    expect(seen.outcome.restoreMs).toBeGreaterThan(0);
    tally.proven += 1;
  });

  test.each(DAMAGES.filter(({ needsPlain }) => kind !== 'age' || needsPlain !== true))(
    'broken: $name',
    async ({ apply, depth, needsRecord, code, check, besides = [] }) => {
      const backup = copyOf(kind);
      const recorded = needsRecord === true ? noteOf(backup) : null;
      apply(backup, good[kind].twin);
      await expectCaught(backup, { depth, code, failed: [check, ...besides].sort(), recorded });
    },
  );

  test("broken: another database's dump under this manifest, hashes made to fit", async () => {
    const backup = copyOf(kind);
    swapDump(backup, good[kind].twin);
    await expectCaught(backup, { depth: 'archive', failed: ['contents'] });
  });
});

test('broken: the manifest edited and sealed again, where no catalogue is asked', async () => {
  const backup = copyOf('zstd');
  forgeRowCount(backup);
  const [table] = readManifestFile(backup).facts.tables;
  await expectCaught(backup, {
    depth: 'restore',
    failed: [`rows:${table?.schema ?? ''}.${table?.name ?? ''}`],
  });
});

describe('a dump of a copy that is other in one thing, under a manifest whose hashes fit', () => {
  test.each(TAMPERINGS)('$name', async ({ sql, failed, depth = 'restore' }) => {
    await resetShop();
    await server.sql('shop', sql);
    const dump = execFileSync(
      findProgram('pg_dump') ?? 'pg_dump',
      ['--format=custom', '--compress=0', server.url('shop').reveal()],
      {
        maxBuffer: 1024 ** 3,
      },
    );
    const backup = copyOf('zstd');
    repackDump(backup, () => dump);
    await expectCaught(backup, { depth, failed });
  });
});

test('the torture database goes round: proven, and nothing is unknown that could be known', async () => {
  tally.good += 1;
  await server.createDatabase('torture');
  await server.sql('torture', readFileSync(new URL('../fixtures/sql/torture.sql', import.meta.url), 'utf8'));
  const backup = await takeBackup(configured(join(home, 'torture'), { PGDATABASE: 'torture' }));
  const seen = await verifyBackup(configured(backup.folder), backup, 'restore', { recorded: noteOf(backup) });
  expect(seen.checks.filter(({ verdict }) => verdict === 'FAILED')).toEqual([]);
  // Its rows live on another server, and the dump holds its definition only.
  expect(seen.named('UNKNOWN')).toEqual(['rows:app.abroad', 'content:app.abroad']);
  expect(seen.outcome).toMatchObject({ status: 'PASSED', proven: true, error: null });
  tally.proven += 1;
});
