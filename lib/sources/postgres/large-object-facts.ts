import type { Facts } from '../../contracts/facts.ts';
import type { FactsPolicy } from '../source.ts';
import type { FactSession } from './fact-session.ts';
import { fingerprintOf, sumOfHashes } from './row-print.ts';

/** A mebibyte at a time: one object may have 4 TB. */
const CONTENT_SQL = `
  select ${sumOfHashes('t')} from (
    select concat(o.oid, ' ', o.size, ' ', part, ' ', encode(sha256(lo_get(o.oid, part * 1048576, 1048576)), 'hex')) as t
    from (
      select f.oid, lo_lseek64(f.fd, 0, 2) as size, lo_close(f.fd)
      from (select oid, lo_open(oid, 262144) as fd from pg_largeobject_metadata offset 0) f offset 0
    ) o cross join lateral generate_series(0::bigint, greatest(o.size - 1, 0) / 1048576) part
    offset 0) r`;

/** What pg_restore makes of them has the same numbers. */
export async function readLargeObjects(
  session: FactSession,
  policy: FactsPolicy,
): Promise<NonNullable<Facts['largeObjects']>> {
  const counted = await session.ask<{ count: string; bytes: string }>(
    'large objects',
    `select count(*)::text as count, pg_relation_size('pg_largeobject')::text as bytes from pg_largeobject_metadata`,
  );
  if (counted.unknown !== null) return { count: null, fingerprint: null, unknown: counted.unknown };
  const count = Number(counted.rows[0]?.count);
  if (!policy.takesFingerprints) return { count, fingerprint: null, unknown: 'switched-off' };
  if (count > 0 && Number(counted.rows[0]?.bytes) > policy.fingerprintMaxBytes) {
    return { count, fingerprint: null, unknown: 'too-large' };
  }
  const content = await session.ask<{ h0: string | null; h1: string | null }>(
    'content of large objects',
    CONTENT_SQL,
  );
  if (content.unknown !== null) return { count, fingerprint: null, unknown: content.unknown };
  const [row] = content.rows;
  return { count, fingerprint: fingerprintOf([row?.h0 ?? null, row?.h1 ?? null]), unknown: null };
}
