import { afterAll, beforeAll, expect, test } from 'vitest';
import { ENVIRONMENT_SOURCE_ID } from '#lib/contracts/source.ts';
import { createCatalogue } from '#tests/support/catalogue.ts';
import { startPostgres, type TestPostgres } from '#tests/support/postgres.ts';

const SHOP = '00000000-0000-4000-8000-00000000000a';

let server: TestPostgres;
let catalogue: Awaited<ReturnType<typeof createCatalogue>>;
beforeAll(async () => {
  server = await startPostgres();
  catalogue = await createCatalogue(server);
  await catalogue.raw`insert into sources (id, name, file_prefix) values (${SHOP}, 'shop', 'shop')`;
});
afterAll(async () => {
  await catalogue.close();
  await server[Symbol.asyncDispose]();
});

/** Where totals and a plain count disagree: nothing, ever. */
const differences = async () => [
  ...(await catalogue.raw`
    with kept as (
      select period, starts_on, tiers, status, proof, source_id, sum(backups)::bigint as n, sum(size_bytes)::bigint as bytes
        from backup_totals group by 1, 2, 3, 4, 5, 6 having sum(backups) <> 0 or sum(size_bytes) <> 0
    ), counted as (
      select period, date_trunc(period::text, created_at at time zone 'UTC')::date as starts_on, tiers, status, proof, source_id,
             count(*) as n, coalesce(sum(size_bytes), 0)::bigint as bytes
        from backups cross join unnest(enum_range(null::totals_period)) as period group by 1, 2, 3, 4, 5, 6
    )
    (table kept except table counted) union all (table counted except table kept)`),
];

const insert = (count: number, from: string) => catalogue.raw`
  insert into backups (source_id, filename, type, tiers, destinations, status, size_bytes, created_at)
  select case when i % 4 = 0 then ${SHOP}::uuid else ${ENVIRONMENT_SOURCE_ID}::uuid end, 'x_' || i, 'DAILY', case when i % 7 = 0 then '{DAILY,WEEKLY}'::backup_tier[] else '{DAILY}'::backup_tier[] end,
         '{local}', (array['COMPLETED','FAILED','IN_PROGRESS'])[1 + i % 3]::backup_status,
         case when i % 3 = 0 then i * 1000 end, ${from}::timestamptz + i * interval '5 hours'
    from generate_series(1, ${count}) i`;

test('totals follow inserts, changes of status, size, tiers, instant, source and proof, and deletes', async () => {
  await insert(2000, '2025-01-30T22:00:00Z');
  expect(await differences()).toEqual([]);
  await catalogue.raw`update backups set status = 'COMPLETED', size_bytes = 77 where status = 'IN_PROGRESS'`;
  expect(await differences()).toEqual([]);
  await catalogue.raw`update backups set proof = (array['PROVEN','FAILED'])[1 + (random() * 2)::int % 2]::proof_state
                       where filename like '%3'`;
  expect(await differences()).toEqual([]);
  await catalogue.raw`update backups set tiers = '{DAILY,MONTHLY}' where extract(day from created_at) = 1`;
  await catalogue.raw`update backups set created_at = created_at - interval '40 days' where filename like '%5'`;
  await catalogue.raw`update backups set source_id = ${SHOP} where filename like '%7'`;
  await catalogue.raw`update backups set progress_bytes = 5, heartbeat_at = now()`;
  expect(await differences()).toEqual([]);
  await catalogue.raw`delete from backups where filename like '%9'`;
  expect(await differences()).toEqual([]);
  const rows = await catalogue.raw`select count(*)::int as n from backups`;
  expect(rows[0]).toEqual({ n: 1800 });
});

test('many writers at once on the same day neither lose a count nor wait for each other', async () => {
  const client = (await import('postgres')).default(catalogue.url.reveal(), { max: 12 });
  try {
    await Promise.all(
      Array.from({ length: 12 }, (_, writer) =>
        client
          .begin(async (tx) => {
            for (let i = 0; i < 15; i += 1) {
              const [row] = await tx<{ id: string }[]>`
              insert into backups (filename, type, tiers, destinations, created_at)
              values (${`w${String(writer)}-${String(i)}`}, 'MANUAL', '{MANUAL}', '{local}', '2026-03-03T03:00:00Z')
              returning id`;
              await tx`update backups set status = ${i % 2 === writer % 2 ? 'COMPLETED' : 'FAILED'}, size_bytes = ${i}
                      where id = ${row!.id}`;
            }
            if (writer % 4 === 0) throw new Error('roll back');
          })
          .catch((error: unknown) => {
            if (!(error instanceof Error) || error.message !== 'roll back') throw error;
          }),
      ),
    );
  } finally {
    await client.end();
  }
  const rows = await catalogue.raw`select count(*)::int as n from backups where type = 'MANUAL'`;
  expect(rows[0]).toEqual({ n: 9 * 15 });
  expect(await differences()).toEqual([]);
});

test('a lost total is seen by the comparison', async () => {
  await catalogue.raw`update backup_totals set backups = backups + 1 where ctid = (select min(ctid) from backup_totals)`;
  expect(await differences()).not.toEqual([]);
});

test('truncating backups empties the totals', async () => {
  await catalogue.raw`truncate backups cascade`;
  expect(await differences()).toEqual([]);
});

test('an audit entry can be added but neither changed nor removed', async () => {
  await catalogue.raw`insert into audit_entries (actor_kind, actor_id, actor_name, action) values ('cli', 'x', 'x', 'a.b')`;
  await expect(catalogue.raw`update audit_entries set action = 'c.d'`).rejects.toMatchObject({
    code: '42501',
  });
  await expect(catalogue.raw`delete from audit_entries`).rejects.toMatchObject({ code: '42501' });
});
