import { sql, type SQL } from 'drizzle-orm';
import type { BackupStatus, ProofState } from '../../lib/contracts/backup.ts';
import type { Manifest } from '../../lib/contracts/manifest.ts';
import type { Db, Tx } from '../client.ts';
import { backupTables } from '../schema/backup.ts';

/** A statement takes 65,535 parameters. */
const BATCH = 5000;

/** Notes the tables of a backup as its manifest tells of them. Call it in the transaction that completes the backup. */
export async function noteTables(
  tx: Tx,
  backupId: string,
  takenAt: Date,
  { facts }: Pick<Manifest, 'facts'>,
): Promise<void> {
  for (let first = 0; first < facts.tables.length; first += BATCH) {
    await tx
      .insert(backupTables)
      .values(
        facts.tables.slice(first, first + BATCH).map(({ schema, name, rows, fingerprint, bytes }) => ({
          backupId,
          schema,
          name,
          rows,
          fingerprint,
          sizeBytes: bytes,
          takenAt,
        })),
      )
      .onConflictDoNothing();
  }
}

/**
 * Whole backups of one source whose archive was once good: of some tables alone nobody can tell a fall from a choice, and
 * tables of one name in two databases have nothing to do with each other.
 */
const speaksOf = (
  sourceId: string,
): SQL => sql`(b.source_id = ${sourceId} and b.tables is null and not b.schema_only
  and b.status in ('COMPLETED', 'EXPIRED', 'DELETED'))`;

/** Every name in the index once, by leaping from one to the next: the rows of a name are as many as there are backups. */
const tableNames = sql`
  with recursive names as (
    (select name, schema from backup_tables order by name, schema limit 1)
    union all
    select following.name, following.schema
      from names, lateral (
        select t.name, t.schema from backup_tables t
         where (t.name, t.schema) > (names.name, names.schema) order by t.name, t.schema limit 1) following
  )`;

export interface KnownTable {
  readonly schema: string;
  readonly name: string;
  readonly rows: number | null;
  readonly lastSeenAt: Date;
  readonly isInNewest: boolean;
}

/** Every table some whole backup of this source tells of, by name and schema, as the newest one that has it says. */
export async function findTables(db: Db, sourceId: string): Promise<readonly KnownTable[]> {
  const speaks = speaksOf(sourceId);
  const rows = await db.execute<{
    schema: string;
    name: string;
    rows: string | null;
    taken_ms: string;
    is_in_newest: boolean;
  }>(sql`
    ${tableNames}, newest as (
      select b.id from backups b where b.status = 'COMPLETED' and ${speaks}
       order by b.created_at desc, b.id desc limit 1
    )
    select names.schema, names.name, seen.rows::text as rows,
           (extract(epoch from seen.taken_at) * 1000)::bigint::text as taken_ms,
           exists (select 1 from backup_tables t, newest
                    where t.backup_id = newest.id and t.schema = names.schema and t.name = names.name) as is_in_newest
      from names, lateral (
        select t.rows, t.taken_at from backup_tables t join backups b on b.id = t.backup_id
         where t.name = names.name and t.schema = names.schema and ${speaks}
         order by t.taken_at desc limit 1) seen
     order by names.name, names.schema`);
  return [...rows].map((row) => ({
    schema: row.schema,
    name: row.name,
    rows: row.rows === null ? null : Number(row.rows),
    lastSeenAt: new Date(Number(row.taken_ms)),
    isInNewest: row.is_in_newest,
  }));
}

/** The tables of this source a person may mean by `name` or `schema.name`; names may hold dots themselves. */
export async function findTablesNamed(
  db: Db,
  sourceId: string,
  text: string,
): Promise<readonly { readonly schema: string; readonly name: string }[]> {
  const parts = text.split('.');
  const pairs = parts.slice(1).map((_, index) => ({
    schema: parts.slice(0, index + 1).join('.'),
    name: parts.slice(index + 1).join('.'),
  }));
  const rows = await db.execute<{ schema: string; name: string }>(sql`
    ${tableNames}
    select schema, name from names
     where (name = ${text}${sql.join(
       pairs.map(({ schema, name }) => sql` or (schema = ${schema} and name = ${name})`),
       sql``,
     )})
       and exists (select 1 from backup_tables t join backups b on b.id = t.backup_id
                    where t.name = names.name and t.schema = names.schema and ${speaksOf(sourceId)})
     order by schema, name`);
  return [...rows];
}

export interface TimelineRow {
  readonly backupId: string;
  readonly filename: string;
  readonly takenAt: Date;
  readonly status: BackupStatus;
  readonly proof: ProofState;
  readonly rows: number | null;
  readonly fingerprint: string | null;
  readonly bytes: number | null;
}

/** The newest `limit` whole backups of this source that have this table, oldest first. */
export async function findTimeline(
  db: Db,
  sourceId: string,
  table: { readonly schema: string; readonly name: string },
  limit: number,
): Promise<readonly TimelineRow[]> {
  const rows = await db.execute<{
    backup_id: string;
    filename: string;
    taken_ms: string;
    status: BackupStatus;
    proof: ProofState;
    rows: string | null;
    fingerprint: string | null;
    bytes: string | null;
  }>(sql`
    select t.backup_id, b.filename, (extract(epoch from t.taken_at) * 1000)::bigint::text as taken_ms, b.status, b.proof,
           t.rows::text as rows, t.fingerprint, t.size_bytes::text as bytes
      from backup_tables t join backups b on b.id = t.backup_id
     where t.name = ${table.name} and t.schema = ${table.schema} and ${speaksOf(sourceId)}
     order by t.taken_at desc, t.backup_id desc limit ${limit}`);
  const numberOf = (text: string | null): number | null => (text === null ? null : Number(text));
  return [...rows]
    .map((row) => ({
      backupId: row.backup_id,
      filename: row.filename,
      takenAt: new Date(Number(row.taken_ms)),
      status: row.status,
      proof: row.proof,
      rows: numberOf(row.rows),
      fingerprint: row.fingerprint,
      bytes: numberOf(row.bytes),
    }))
    .reverse();
}
