import { processBackend } from '#db/backend.ts';
import { openCatalogue } from '#db/client.ts';
import { migrateCatalogue } from '#db/migrate.ts';
import { BackupHistoryQuery } from '#lib/contracts/backup.ts';
import { ENVIRONMENT_SOURCE_ID } from '#lib/contracts/source.ts';
import { listHistory } from '#lib/services/history.ts';
import { startPostgres } from '#tests/support/postgres.ts';
import { atMost, figure, percentile, type BenchRow } from './table.ts';

const ROWS = 1_000_000;
const RUNS_PER_QUERY = 20;

/** One backup in ten is of it. */
const SHOP = '00000000-0000-4000-8000-00000000000a';
/** One in five thousand. */
const ARCHIVE = '00000000-0000-4000-8000-00000000000b';

/** What people and scripts ask of the history: first pages, filters, ranges, deep pages, other orders. */
const QUERIES: readonly (readonly [string, string])[] = [
  ['first page', ''],
  ['page 3 of 200 rows', 'page=3&limit=200'],
  ['page 25,000 of 20 rows', 'page=25000'],
  ['the last page', 'page=50000'],
  ['oldest first, page 30,000', 'order=asc&page=30000'],
  ['status FAILED', 'status=FAILED'],
  ['status FAILED, page 1,500', 'status=FAILED&page=1500'],
  ['status IN_PROGRESS (one row)', 'status=IN_PROGRESS'],
  ['proof NEVER, page 5,000', 'proof=NEVER&page=5000'],
  ['proof PROVEN', 'proof=PROVEN'],
  ['proof FAILED, by size', 'proof=FAILED&sort=size'],
  ['type DAILY, page 2,000', 'type=DAILY&page=2000'],
  ['type MONTHLY', 'type=MONTHLY'],
  ['type YEARLY (none)', 'type=YEARLY'],
  ['type WEEKLY and FAILED', 'type=WEEKLY&status=FAILED'],
  ['a month and a half, part days', 'from=2021-03-10T07:30:00Z&to=2021-04-22T19:10:00Z&page=40'],
  ['eight years, COMPLETED, page 20,000', 'from=2014-01-01&to=2021-12-31&status=COMPLETED&page=20000'],
  ['by size', 'sort=size'],
  ['by size, page 500', 'sort=size&order=asc&page=500'],
  ['by duration, FAILED', 'sort=duration&status=FAILED'],
  ['by status, page 40,000', 'sort=status&page=40000'],
  ['by type, page 100', 'sort=type&order=asc&page=100'],
  ['one source of three', `source=${SHOP}`],
  ['one source, page 4,000', `source=${SHOP}&page=4000`],
  ['one source, EXPIRED (none)', `source=${SHOP}&status=EXPIRED`],
  ['one source, by size', `source=${SHOP}&sort=size`],
  ['a source of 200 backups, by duration', `source=${ARCHIVE}&sort=duration`],
];
/** Sorted by a measure there are no totals to jump by: told, not hidden in a mean. */
const SLOW: readonly (readonly [string, string])[] = [
  ['by size, page 25,000 (the middle)', 'sort=size&page=25000'],
];

const SEED = `
  insert into sources (id, name, file_prefix) values ('${SHOP}', 'shop', 'shop'), ('${ARCHIVE}', 'archive', 'archive');
  insert into backups (source_id, filename, type, tiers, destinations, status, size_bytes, checksum, duration_ms, table_count,
                       created_at, finished_at, error_code, error_message, error_hint, proof)
  select case when i % 5000 = 1 then '${ARCHIVE}' when i % 10 = 5 then '${SHOP}' else '${ENVIRONMENT_SOURCE_ID}' end::uuid,
         'ims_backup_' || to_char(at, 'YYYY-MM-DD_HH24-MI') || '.dump.zst', tiers[1], tiers, '{local}',
         case when i = ${String(ROWS)} then 'IN_PROGRESS' else status end::backup_status,
         case when status = 'FAILED' then null else 40000000 + (random() * 60000000)::bigint end,
         case when status = 'FAILED' then null else md5(i::text) || md5(i::text) end,
         (random() * 90000)::int, 8, at, at + interval '40 seconds',
         case when status = 'FAILED' then 'source_unreachable' end,
         case when status = 'FAILED' then 'the database does not answer' end,
         case when status = 'FAILED' then 'Check that it runs.' end,
         case when status <> 'COMPLETED' or i % 7 < 4 then 'NEVER' when i % 997 = 0 then 'FAILED' else 'PROVEN' end::proof_state
    from (select i, at,
                 case when i % 9 = 0 then array['MANUAL']
                      when extract(day from at) = 1 and extract(hour from at) = 1 then array['DAILY','MONTHLY']
                      when extract(dow from at) = 0 then array['DAILY','WEEKLY']
                      when i % 5 = 0 then array['HOURLY']
                      else array['DAILY'] end::backup_tier[] as tiers,
                 (array['DELETED','DELETED','COMPLETED','DELETED','COMPLETED','FAILED','DELETED','COMPLETED','DELETED','DELETED'])
                   [1 + (i::bigint * 7919 / 13) % 10] as status
            from (select i, timestamptz '2012-01-01' + i * interval '7 minutes 20 seconds' as at
                    from generate_series(1, ${String(ROWS)}) i) instants) rows`;

/** p95 of the history service over a mix of real queries on 1,000,000 rows, with the plans that answer them. */
export async function benchHistory(): Promise<{ readonly rows: BenchRow[]; readonly plans: string }> {
  await using server = await startPostgres();
  const url = await server.createDatabase('holdfast');
  await migrateCatalogue(url);
  const catalogue = openCatalogue(url, { applicationName: 'holdfast-bench' });
  Object.assign(process.env, {
    DATABASE_URL: url.reveal(),
    HOLDFAST_SECRET: 'a secret of the bench that nobody else has',
    HOLDFAST_LOG_LEVEL: 'error',
  });
  const backend = processBackend();
  try {
    const seedStart = performance.now();
    await catalogue.raw.unsafe(SEED);
    await catalogue.raw`vacuum analyze backups`;
    await catalogue.raw`vacuum analyze backup_totals`;
    const seedSeconds = (performance.now() - seedStart) / 1000;

    const measure = async (query: string): Promise<number[]> => {
      const parsed = BackupHistoryQuery.parse(Object.fromEntries(new URLSearchParams(query)));
      const times: number[] = [];
      for (let run = 0; run < RUNS_PER_QUERY; run += 1) {
        const start = performance.now();
        await listHistory(backend, parsed);
        times.push(performance.now() - start);
      }
      return times;
    };
    await measure('');
    const rows: BenchRow[] = [];
    const all: number[] = [];
    for (const [name, query] of QUERIES) {
      const times = await measure(query);
      all.push(...times);
      rows.push(atMost(`history, ${name}: p95`, percentile(times, 95), 50, ' ms'));
    }
    for (const [name, query] of SLOW) {
      rows.push(
        atMost(`history, ${name}: p95, outside the mix`, percentile(await measure(query), 95), 50, ' ms'),
      );
    }
    const countStart = performance.now();
    await catalogue.raw`select count(*) from backups where status = 'COMPLETED'`;
    const plainCount = performance.now() - countStart;

    const explain = async (title: string, text: string): Promise<string> => {
      const lines = await catalogue.raw.unsafe(
        `explain (analyze, costs off, timing off, summary off) ${text}`,
      );
      return `${title}\n${lines.map((line) => `  ${String(line['QUERY PLAN'])}`).join('\n')}`;
    };
    const plans = [
      await explain('first page', 'select * from backups order by created_at desc, id desc limit 20'),
      await explain(
        'type WEEKLY and FAILED',
        `select * from backups where tiers @> array['WEEKLY'::backup_tier] and status = 'FAILED'
          order by created_at desc, id desc limit 20`,
      ),
      await explain(
        'a deep page, after the totals found its day',
        `select * from backups where created_at >= '2018-05-05' and created_at < '2018-05-06'
          order by created_at desc, id desc offset 100 limit 20`,
      ),
      await explain(
        'the exact total of a filter',
        `select sum(backups) from backup_totals where period = 'month' and status = 'FAILED'`,
      ),
    ].join('\n');
    return {
      rows: [
        atMost(
          `history p95 over ${String(QUERIES.length)} kinds of query at 1,000,000 rows`,
          percentile(all, 95),
          50,
          ' ms',
        ),
        ...rows,
        figure('for comparison: one plain count(*) with a status filter', `${plainCount.toFixed(1)} ms`),
        figure('inserting the 1,000,000 rows, totals kept', `${seedSeconds.toFixed(1)} s`),
      ],
      plans,
    };
  } finally {
    await backend.close();
    await catalogue.close();
  }
}
