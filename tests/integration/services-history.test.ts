import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BACKUP_STATUSES, BackupHistoryQuery, SORT_FIELDS, TIERS } from '#lib/contracts/backup.ts';
import { ENVIRONMENT_SOURCE_ID } from '#lib/contracts/source.ts';
import { listHistory } from '#lib/services/history.ts';
import { startApi, type TestApi } from '#tests/support/api.ts';

interface Row {
  readonly id: string;
  readonly sourceId: string;
  readonly type: string;
  readonly tiers: readonly string[];
  readonly status: string;
  readonly size: number | null;
  readonly duration: number | null;
  /** Microseconds since 1970. */
  readonly at: bigint;
}

const SHOP = '00000000-0000-4000-8000-00000000000a';
/** A source without a backup. */
const EMPTY = '00000000-0000-4000-8000-00000000000b';

let api: TestApi;
let rows: Row[];
beforeAll(async () => {
  api = await startApi();
  await api.catalogue.raw`
    insert into sources (id, name, file_prefix) values (${SHOP}, 'shop', 'shop'), (${EMPTY}, 'empty', 'empty')`;
  // Crowded and empty days, several rows of one instant, microseconds, every tier and status.
  await api.catalogue.raw`
    insert into backups (source_id, filename, type, tiers, destinations, status, size_bytes, duration_ms, created_at)
    select case when i % 40 in (3, 4, 17) and i < 15000 then ${SHOP}::uuid else ${ENVIRONMENT_SOURCE_ID}::uuid end,
           'x_' || i, tiers[1], tiers, '{local}', status, case when i % 11 = 0 then null else (i * 7919) % 5000 end,
           case when i % 13 = 0 then null else (i * 104729) % 900 end,
           case when i % 50 = 0 then timestamptz '2024-02-29T12:00:00.000500Z' else at end
      from (select i, timestamptz '2022-11-30T23:30:00.123456Z' + (i / 40) * interval '3 days' + (i % 40) * interval '53 minutes' as at,
                   case when i % 97 = 0 then '{YEARLY}' when i % 31 = 0 then '{DAILY,WEEKLY,MONTHLY}' when i % 7 = 0 then '{DAILY,WEEKLY}'
                        when i % 3 = 0 then '{MANUAL}' else '{DAILY}' end::backup_tier[] as tiers,
                   (array['COMPLETED','DELETED','FAILED','COMPLETED','EXPIRED','DELETED','COMPLETED','EXPIRED','DELETED'])[1 + i % 9]::backup_status as status
              from generate_series(1, 20000) i) made`;
  await api.catalogue.raw`update backups set status = 'IN_PROGRESS' where filename in ('x_19999', 'x_20000')`;
  await api.catalogue.raw`vacuum analyze backups`;
  const found = await api.catalogue.raw<
    {
      id: string;
      sourceId: string;
      type: string;
      tiers: string;
      status: string;
      size: string | null;
      duration: number | null;
      at: string;
    }[]
  >`select id, source_id as "sourceId", type, array_to_string(tiers, ',') as tiers, status, size_bytes as size, duration_ms as duration,
           (extract(epoch from created_at) * 1000000)::bigint::text as at from backups`;
  rows = found.map((row) => ({
    ...row,
    tiers: row.tiers.split(','),
    size: row.size === null ? null : Number(row.size),
    at: BigInt(row.at),
  }));
}, 120_000);
afterAll(() => api.close());

const compare = <T extends string | number | bigint>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0);

/** The same question, answered by reading everything. */
function naive(query: BackupHistoryQuery): { ids: string[]; total: number } {
  const from = query.from === undefined ? null : BigInt(query.from.getTime()) * 1000n;
  const until = query.to === undefined ? null : BigInt(query.to.getTime() + 1) * 1000n;
  const sign = query.order === 'asc' ? 1 : -1;
  const byInstant = (a: Row, b: Row) => compare(a.at, b.at) || compare(a.id, b.id);
  const order = (a: Row, b: Row): number => {
    switch (query.sort) {
      case 'createdAt':
        return sign * byInstant(a, b);
      case 'size':
      case 'duration': {
        // Null is below every number, a true 0 too.
        const key = query.sort;
        return sign * (compare(a[key] ?? -1, b[key] ?? -1) || compare(a.id, b.id));
      }
      case 'status':
        return (
          sign *
            compare(BACKUP_STATUSES.indexOf(a.status as never), BACKUP_STATUSES.indexOf(b.status as never)) ||
          -byInstant(a, b)
        );
      case 'type':
        return (
          sign * compare(TIERS.indexOf(a.type as never), TIERS.indexOf(b.type as never)) || -byInstant(a, b)
        );
    }
  };
  const matching = rows
    .filter(
      (row) =>
        (query.source === undefined || row.sourceId === query.source) &&
        (query.type === undefined || row.tiers.includes(query.type)) &&
        (query.status === undefined || row.status === query.status) &&
        (from === null || row.at >= from) &&
        (until === null || row.at < until),
    )
    .sort(order);
  const offset = (query.page - 1) * query.limit;
  return { ids: matching.slice(offset, offset + query.limit).map(({ id }) => id), total: matching.length };
}

test('total and every page are what reading everything would give', { timeout: 300_000 }, async () => {
  const instant = fc
    .date({ min: new Date('2022-10-01'), max: new Date('2027-03-01'), noInvalidDate: true })
    .chain((date) =>
      fc.constantFrom(
        date.toISOString(),
        date.toISOString().slice(0, 10),
        `${date.toISOString().slice(0, 7)}-01`,
      ),
    );
  const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 });
  const input = fc.record({
    page: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 1100 })),
    limit: fc.constantFrom(1, 7, 20, 200),
    source: maybe(fc.constantFrom(SHOP, ENVIRONMENT_SOURCE_ID, EMPTY)),
    type: maybe(fc.constantFrom(...TIERS)),
    status: maybe(fc.constantFrom(...BACKUP_STATUSES)),
    from: maybe(instant),
    to: maybe(instant),
    sort: fc.constantFrom(...SORT_FIELDS, 'createdAt' as const, 'createdAt' as const),
    order: fc.constantFrom('asc' as const, 'desc' as const),
  });
  await fc.assert(
    fc.asyncProperty(input, async (raw) => {
      const parsed = BackupHistoryQuery.safeParse(
        Object.fromEntries(Object.entries(raw).filter(([, value]) => value !== undefined)),
      );
      fc.pre(parsed.success);
      const answer = await listHistory(api.backend, parsed.data);
      const right = naive(parsed.data);
      expect(answer.meta.total).toBe(right.total);
      expect(answer.data.map(({ id }) => id)).toEqual(right.ids);
    }),
    { numRuns: 400 },
  );
});

test.each([
  ['all, whatever else is asked for', undefined],
  ['the source that is asked for', SHOP],
  ['a source without a backup', EMPTY],
])('the summary counts what is COMPLETED and tells the newest of each: %s', async (_name, source) => {
  const { summary } = await listHistory(
    api.backend,
    BackupHistoryQuery.parse({ limit: 1, status: 'FAILED', source }),
  );
  const mine = rows.filter(({ sourceId }) => source === undefined || sourceId === source);
  const completed = mine.filter(({ status }) => status === 'COMPLETED');
  const newest = (status: string): string | null => {
    const at = mine
      .filter((row) => row.status === status)
      .reduce((max, row) => (row.at > max ? row.at : max), 0n);
    return at === 0n ? null : new Date(Number(at / 1000n)).toISOString();
  };
  expect(summary).toMatchObject({
    totalBackups: completed.length,
    totalSize: completed.reduce((sum, { size }) => sum + (size ?? 0), 0),
    lastSuccessful: newest('COMPLETED'),
    lastFailed: newest('FAILED'),
  });
  expect(completed.length > 0).toBe(source !== EMPTY);
});

test('a row names its source', async () => {
  const { data } = await listHistory(api.backend, BackupHistoryQuery.parse({ limit: 200, source: SHOP }));
  expect(data.length).toBe(200);
  expect(data.every(({ sourceId, sourceName }) => sourceId === SHOP && sourceName === 'shop')).toBe(true);
});

test('indexes answer the pages and filters; without one the plan would sort', async () => {
  const plan = async (text: string) =>
    (await api.catalogue.raw.unsafe(`explain ${text}`)).map((line) => String(line['QUERY PLAN'])).join('\n');
  const page = 'order by created_at desc, id desc limit 20';
  for (const [where, index] of [
    ['', 'backups_created_at'],
    [`where status = 'FAILED'`, 'backups_status_created_at'],
    [`where source_id = '${SHOP}'`, 'backups_source_created_at'],
    [`where tiers @> array['WEEKLY'::backup_tier]`, 'backups_weekly_created_at'],
    [`where tiers @> array['WEEKLY'::backup_tier] and status = 'FAILED'`, 'backups_weekly_'],
  ] as const) {
    const text = await plan(`select * from backups ${where} ${page}`);
    expect(text).toContain(index);
    expect(text).not.toContain('Sort');
  }
  expect(await plan('select * from backups order by size_bytes desc nulls last, id desc limit 20')).toContain(
    'backups_size',
  );
  expect(await plan(`select * from backups order by filename limit 20`)).toContain('Sort');
});
