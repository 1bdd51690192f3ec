import { eq, inArray, sql, type SQL } from 'drizzle-orm';
import {
  BACKUP_STATUSES,
  TIERS,
  type BackupHistoryQuery,
  type BackupStatus,
  type ProofState,
  type Tier,
} from '../../lib/contracts/backup.ts';
import type { Db, Tx } from '../client.ts';
import { backups, backupTotals } from '../schema/backup.ts';
import { backupColumns, type BackupRecord } from './backup.ts';

/** [from, until): null is open. */
interface Span {
  readonly from: Date | null;
  readonly until: Date | null;
}

/** Which backups: `tier` finds a backup that carries it, `type` one that was taken for it. */
interface Filter extends Span {
  readonly sourceId?: string | undefined;
  readonly tier?: Tier | undefined;
  readonly type?: Tier | undefined;
  readonly status?: BackupStatus | undefined;
  /** Among COMPLETED backups only. */
  readonly proof?: ProofState | undefined;
}

/** So many matching backups lie in this span. */
interface Segment {
  readonly kind: 'edge' | 'day' | 'month';
  readonly from: Date;
  readonly until: Date;
  readonly count: number;
}

type Order = 'asc' | 'desc';

const DAY_MS = 86_400_000;
const dayFloor = (at: Date): Date => new Date(Math.floor(at.getTime() / DAY_MS) * DAY_MS);
const dayCeil = (at: Date): Date => new Date(Math.ceil(at.getTime() / DAY_MS) * DAY_MS);
const nextMonth = (at: Date): Date => new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 1));
const monthFloor = (at: Date): Date => new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), 1));
const monthCeil = (at: Date): Date => (at.getTime() === monthFloor(at).getTime() ? at : nextMonth(at));
const instant = (at: Date): SQL => sql`${at.toISOString()}::timestamptz`;
const dateOf = (at: Date): SQL => sql`${at.toISOString().slice(0, 10)}::date`;
const all = (conditions: readonly (SQL | undefined)[]): SQL =>
  sql.join([sql`true`, ...conditions.filter((condition) => condition !== undefined)], sql` and `);

/** A literal, not a parameter: the planner takes a partial index only for a condition it can read. */
function carries(tier: Tier): SQL {
  const known = TIERS.find((name) => name === tier);
  if (known === undefined) throw new Error('unknown tier');
  return sql.raw(`tiers @> array['${known}'::backup_tier]`);
}

const within = ({ from, until }: Span): SQL =>
  all([
    from === null ? undefined : sql`${backups.createdAt} >= ${instant(from)}`,
    until === null ? undefined : sql`${backups.createdAt} < ${instant(until)}`,
  ]);

const matches = (filter: Filter): SQL =>
  all([
    filter.sourceId === undefined ? undefined : eq(backups.sourceId, filter.sourceId),
    filter.tier === undefined ? undefined : carries(filter.tier),
    filter.type === undefined ? undefined : eq(backups.type, filter.type),
    filter.status === undefined ? undefined : eq(backups.status, filter.status),
    filter.proof === undefined ? undefined : sql`status = 'COMPLETED' and ${backups.proof} = ${filter.proof}`,
  ]);

const totalsMatch = (filter: Filter): SQL =>
  all([
    filter.sourceId === undefined ? undefined : eq(backupTotals.sourceId, filter.sourceId),
    filter.tier === undefined ? undefined : carries(filter.tier),
    // The first tier is the type (contracts/backup.ts).
    filter.type === undefined ? undefined : sql`${backupTotals.tiers}[1] = ${filter.type}`,
    filter.status === undefined ? undefined : eq(backupTotals.status, filter.status),
    filter.proof === undefined
      ? undefined
      : sql`${backupTotals.status} = 'COMPLETED' and ${backupTotals.proof} = ${filter.proof}`,
  ]);

const isEmpty = ({ from, until }: Span): boolean => from !== null && until !== null && from >= until;

/** Cuts a span into what whole months, whole days and, at its two ends, only the rows themselves can answer for. */
function cut({ from, until }: Span): {
  readonly edges: readonly Span[];
  readonly days: readonly Span[];
  readonly months: readonly Span[];
} {
  const firstDay = from === null ? null : dayCeil(from);
  const lastDay = until === null ? null : dayFloor(until);
  if (isEmpty({ from: firstDay, until: lastDay })) {
    return { edges: [{ from, until }].filter((span) => !isEmpty(span)), days: [], months: [] };
  }
  const edges = [
    ...(from === null ? [] : [{ from, until: firstDay }]),
    ...(until === null ? [] : [{ from: lastDay, until }]),
  ].filter((span) => !isEmpty(span));
  const firstMonth = firstDay === null ? null : monthCeil(firstDay);
  const lastMonth = lastDay === null ? null : monthFloor(lastDay);
  if (isEmpty({ from: firstMonth, until: lastMonth })) {
    return { edges, days: [{ from: firstDay, until: lastDay }], months: [] };
  }
  const days = [
    ...(firstDay === null ? [] : [{ from: firstDay, until: firstMonth }]),
    ...(lastDay === null ? [] : [{ from: lastMonth, until: lastDay }]),
  ].filter((span) => !isEmpty(span));
  return { edges, days, months: [{ from: firstMonth, until: lastMonth }] };
}

const totalsOf = (period: 'day' | 'month', span: Span, filter: Filter): SQL => sql`
  select ${period} as kind, (${backupTotals.startsOn}::timestamp at time zone 'UTC')::text as starts,
         null::text as ends, sum(${backupTotals.backups})::bigint as n
    from ${backupTotals}
   where ${all([
     sql`${backupTotals.period} = ${period}`,
     span.from === null ? undefined : sql`${backupTotals.startsOn} >= ${dateOf(span.from)}`,
     span.until === null ? undefined : sql`${backupTotals.startsOn} < ${dateOf(span.until)}`,
     totalsMatch(filter),
   ])}
   group by ${backupTotals.startsOn}`;

async function collect(tx: Tx, parts: readonly SQL[]): Promise<Segment[]> {
  if (parts.length === 0) return [];
  const rows = await tx.execute<{ kind: Segment['kind']; starts: string; ends: string | null; n: string }>(
    sql`select * from (${sql.join([...parts], sql` union all `)}) part where n > 0`,
  );
  return [...rows]
    .map(({ kind, starts, ends, n }) => {
      const from = new Date(starts);
      const afterPeriod = kind === 'day' ? new Date(from.getTime() + DAY_MS) : nextMonth(from);
      return { kind, from, until: ends === null ? afterPeriod : new Date(ends), count: Number(n) };
    })
    .sort((a, b) => a.from.getTime() - b.from.getTime());
}

/** Where the matching backups lie in time, oldest first; their sum is exact. */
function segmentsOf(tx: Tx, filter: Filter): Promise<Segment[]> {
  const { edges, days, months } = cut(filter);
  return collect(tx, [
    ...edges.map(
      (edge) => sql`
  select 'edge' as kind, ${edge.from?.toISOString() ?? null}::text as starts,
         ${edge.until?.toISOString() ?? null}::text as ends, count(*) as n
    from ${backups} where ${within(edge)} and ${matches(filter)}`,
    ),
    ...days.map((span) => totalsOf('day', span, filter)),
    ...months.map((span) => totalsOf('month', span, filter)),
  ]);
}

const sumOf = (segments: readonly Segment[]): number => segments.reduce((sum, { count }) => sum + count, 0);

/** Beyond this many rows to skip inside a month, its days are asked first. */
const SKIP_LIMIT = 500;

/** The `limit` matching backups after the first `offset`, by instant; `segments` are theirs. */
async function pageByInstant(
  tx: Tx,
  filter: Filter,
  segments: readonly Segment[],
  order: Order,
  offset: number,
  limit: number,
): Promise<BackupRecord[]> {
  const ordered = order === 'asc' ? segments : [...segments].reverse();
  let skip = offset;
  let first = 0;
  for (const { count } of ordered) {
    if (skip < count) break;
    skip -= count;
    first += 1;
  }
  const start = ordered[first];
  if (start === undefined || limit <= 0) return [];
  if (start.kind === 'month' && skip > SKIP_LIMIT) {
    const days = await collect(tx, [totalsOf('day', start, filter)]);
    const finer = segments.flatMap((segment) => (segment === start ? days : [segment]));
    return pageByInstant(tx, filter, finer, order, offset, limit);
  }
  // The last segment this page reaches into: a rare match must not be searched for through years without any.
  let reach = -skip;
  let last = first;
  while (last < ordered.length - 1 && reach + (ordered[last]?.count ?? 0) < limit) {
    reach += ordered[last]?.count ?? 0;
    last += 1;
  }
  const end = ordered[last] ?? start;
  const span =
    order === 'asc' ? { from: start.from, until: end.until } : { from: end.from, until: start.until };
  const direction = sql.raw(order);
  return tx
    .select(backupColumns)
    .from(backups)
    .where(sql`${within(span)} and ${matches(filter)}`)
    .orderBy(sql`${backups.createdAt} ${direction}`, sql`${backups.id} ${direction}`)
    .offset(skip)
    .limit(limit);
}

/** The page through groups that follow each other (all of one status, then all of the next), newest first inside each. */
async function pageByGroup(
  tx: Tx,
  groups: readonly Filter[],
  offset: number,
  limit: number,
): Promise<BackupRecord[]> {
  const segmentsOfGroups = await Promise.all(groups.map((group) => segmentsOf(tx, group)));
  const page: BackupRecord[] = [];
  let skip = offset;
  for (const [index, group] of groups.entries()) {
    if (page.length >= limit) break;
    const segments = segmentsOfGroups[index] ?? [];
    const count = sumOf(segments);
    if (skip < count) {
      page.push(...(await pageByInstant(tx, group, segments, 'desc', skip, limit - page.length)));
    }
    skip = Math.max(0, skip - count);
  }
  return page;
}

/** So many rows of one proof or one source are sorted faster than they are searched for in an order. */
const SORT_LIMIT = 5000;

/** By a number of each row. Costs as many index entries as lie between the page and the nearer end. */
async function pageByMeasure(
  tx: Tx,
  column: 'size' | 'duration',
  filter: Filter,
  total: number,
  order: Order,
  offset: number,
  limit: number,
): Promise<BackupRecord[]> {
  const count = Math.min(limit, total - offset);
  if (count <= 0) return [];
  const fromEnd = total - offset - count;
  const isReversed = fromEnd < offset;
  const walk: Order = isReversed === (order === 'asc') ? 'desc' : 'asc';
  const measure = column === 'size' ? backups.sizeBytes : backups.durationMs;
  // What is not known yet is shown as 0, so it sorts below every number.
  const sorting =
    walk === 'asc'
      ? sql`${measure} asc nulls first, ${backups.id} asc`
      : sql`${measure} desc nulls last, ${backups.id} desc`;
  // Behind "offset 0" the planner sorts what their own index finds: a handful is not to be searched for by size.
  const isFew = total <= SORT_LIMIT && (filter.proof !== undefined || filter.sourceId !== undefined);
  const fence = isFew ? sql`offset 0` : sql``;
  const ids = await tx.execute<{ id: string }>(sql`
    select ${backups.id} as id from (
      select * from ${backups} where ${within(filter)} and ${matches(filter)} ${fence}) as backups
     order by ${sorting} offset ${isReversed ? fromEnd : offset} limit ${count}`);
  const wanted = [...ids].map(({ id }) => id);
  if (isReversed) wanted.reverse();
  if (wanted.length === 0) return [];
  const found = await tx.select(backupColumns).from(backups).where(inArray(backups.id, wanted));
  const byId = new Map(found.map((record) => [record.id, record]));
  return wanted.flatMap((id) => byId.get(id) ?? []);
}

export interface HistoryPage {
  readonly rows: readonly BackupRecord[];
  readonly total: number;
}

/** What the summary card tells: of one source or of all, whatever else the filter asks for. */
export interface HistorySummary {
  readonly completedCount: number;
  readonly completedBytes: number;
  readonly lastCompletedAt: Date | null;
  readonly lastFailedAt: Date | null;
}

async function newestOf(tx: Tx, status: BackupStatus, sourceId: string | undefined): Promise<Date | null> {
  const filter: Filter = { sourceId, status, from: null, until: null };
  // A source that never failed is not to be searched for a failure through all its years.
  const last =
    sourceId === undefined ? undefined : (await collect(tx, [totalsOf('month', filter, filter)])).at(-1);
  if (sourceId !== undefined && last === undefined) return null;
  const [row] = await tx
    .select({ at: backups.createdAt })
    .from(backups)
    .where(sql`${within(last ?? filter)} and ${matches(filter)}`)
    .orderBy(sql`${backups.createdAt} desc`, sql`${backups.id} desc`)
    .limit(1);
  return row?.at ?? null;
}

async function summaryOf(tx: Tx, sourceId: string | undefined): Promise<HistorySummary> {
  const completed: Filter = { sourceId, status: 'COMPLETED', from: null, until: null };
  const [totals, lastCompletedAt, lastFailedAt] = await Promise.all([
    tx.execute<{ n: string | null; bytes: string | null }>(sql`
    select sum(${backupTotals.backups})::text as n, sum(${backupTotals.sizeBytes})::text as bytes
      from ${backupTotals} where ${backupTotals.period} = 'month' and ${totalsMatch(completed)}`),
    newestOf(tx, 'COMPLETED', sourceId),
    newestOf(tx, 'FAILED', sourceId),
  ]);
  return {
    completedCount: Number(totals[0]?.n ?? 0),
    completedBytes: Number(totals[0]?.bytes ?? 0),
    lastCompletedAt,
    lastFailedAt,
  };
}

/** One moment of the catalogue for all queries inside, each planned for its own values. */
function inOneSnapshot<T>(db: Db, read: (tx: Tx) => Promise<T>): Promise<T> {
  return db.transaction(
    async (tx) => {
      // A plan made for no value in particular may sort a million rows where an index has them in order.
      await tx.execute(sql`select set_config('plan_cache_mode', 'force_custom_plan', true)`);
      return read(tx);
    },
    { isolationLevel: 'repeatable read', accessMode: 'read only' },
  );
}

export function findSummary(db: Db, sourceId?: string): Promise<HistorySummary> {
  return inOneSnapshot(db, (tx) => summaryOf(tx, sourceId));
}

/** One page of the history with its exact total, and the summary, all of the same moment. */
export function findHistory(
  db: Db,
  query: BackupHistoryQuery,
): Promise<HistoryPage & { readonly summary: HistorySummary }> {
  const filter: Filter = {
    sourceId: query.source,
    tier: query.type,
    status: query.status,
    proof: query.proof,
    from: query.from ?? null,
    // Instants are told in milliseconds and kept in microseconds: `to` means all of its millisecond.
    until: query.to === undefined ? null : new Date(query.to.getTime() + 1),
  };
  const offset = (query.page - 1) * query.limit;
  return inOneSnapshot(db, async (tx) => {
    // Sent together: on one connection they cost one journey to the catalogue, not five.
    const [segments, summary] = await Promise.all([segmentsOf(tx, filter), summaryOf(tx, query.source)]);
    const total = sumOf(segments);
    const page = (): Promise<BackupRecord[]> => {
      switch (query.sort) {
        case 'createdAt':
          return pageByInstant(tx, filter, segments, query.order, offset, query.limit);
        case 'status':
        case 'type': {
          const groups: Filter[] =
            query.sort === 'status'
              ? BACKUP_STATUSES.filter((status) => [undefined, status].includes(query.status)).map(
                  (status) => ({ ...filter, status }),
                )
              : TIERS.map((type) => ({ ...filter, type }));
          return pageByGroup(tx, query.order === 'asc' ? groups : groups.reverse(), offset, query.limit);
        }
        case 'size':
        case 'duration':
          return pageByMeasure(tx, query.sort, filter, total, query.order, offset, query.limit);
      }
    };
    return { total, rows: offset >= total ? [] : await page(), summary };
  });
}
