import type postgres from 'postgres';
import { AppError } from '../../core/errors.ts';
import { roughly } from '../../core/roughly.ts';
import { readSegmentName } from '../../core/wal-names.ts';
import type { LogArchiving } from '../log-archiving.ts';

/** A segment that is full and has waited for so long was forgotten: its command hangs, or the archiver has gone. */
const STILL_SECONDS = 900;

const ARCHIVING_SQL = `
  select (select system_identifier from pg_catalog.pg_control_system())::text as "systemIdentifier",
    pg_catalog.current_setting('server_version_num')::int / 10000 as major,
    pg_catalog.pg_is_in_recovery() as "isStandby",
    pg_catalog.current_setting('archive_mode') as "archiveMode",
    (select setting::int from pg_catalog.pg_settings where name = 'archive_timeout') as "timeoutSeconds",
    (select setting::int from pg_catalog.pg_settings where name = 'wal_segment_size') as "segmentBytes",
    a.last_archived_wal as "lastArchived",
    extract(epoch from pg_catalog.clock_timestamp() - a.last_archived_time)::float8 as "archivedSecondsAgo",
    case when a.last_failed_time > coalesce(a.last_archived_time, '-infinity') then a.last_failed_wal end as "failed",
    case when not pg_catalog.pg_is_in_recovery() then pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()) end as "current"
  from pg_catalog.pg_stat_archiver a`;

interface Row {
  readonly systemIdentifier: string;
  readonly major: number;
  readonly isStandby: boolean;
  readonly archiveMode: string;
  readonly timeoutSeconds: number;
  readonly segmentBytes: number;
  readonly lastArchived: string | null;
  readonly archivedSecondsAgo: number | null;
  readonly failed: string | null;
  readonly current: string | null;
}

/** The segment that an archived file is, or belongs to: `….00000028.backup` marks a base backup. */
const segmentOf = (name: string | null): string | null => /^[0-9A-F]{24}/.exec(name ?? '')?.[0] ?? null;

/** How many full segments wait to be archived; null where that cannot be told. */
function waitingOf({ current, lastArchived, segmentBytes }: Row): number | null {
  const [now, last] = [current, segmentOf(lastArchived)].map((name) =>
    name === null ? null : readSegmentName(name, segmentBytes),
  );
  if (now == null || last == null || now.timeline !== last.timeline) return null;
  return Number(now.segment - last.segment) - 1;
}

function flawOf(row: Row): string | null {
  if (row.isStandby) return 'the server is a standby';
  if (row.archiveMode === 'off') return 'archive_mode of the server is off';
  if (row.failed !== null) return `archiving fails: the server could not archive ${row.failed}`;
  const waiting = waitingOf(row);
  const ago = row.archivedSecondsAgo;
  if (waiting === null || waiting < 1 || ago === null || ago < STILL_SECONDS) return null;
  return `archiving stands still: ${waiting === 1 ? 'a full segment waits' : `${String(waiting)} full segments wait`}, and the last was archived ${roughly(ago * 1000)} ago`;
}

export async function readLogArchiving(sql: postgres.Sql): Promise<LogArchiving> {
  const [row] = await sql.unsafe<Row[]>(ARCHIVING_SQL);
  if (row === undefined) throw new AppError('tool_failed', 'the server tells nothing of its archiving');
  return {
    systemIdentifier: row.systemIdentifier,
    major: row.major,
    flaw: flawOf(row),
    lastSegment: segmentOf(row.lastArchived),
    timeoutSeconds: row.timeoutSeconds,
  };
}
