import { readdirSync } from 'node:fs';
import type postgres from 'postgres';
import { insertVerification } from '#db/queries/verification.ts';
import { backups } from '#db/schema/backup.ts';
import type { Destination, Tier } from '#lib/contracts/backup.ts';
import type { EngineDeps } from '#lib/engine/deps.ts';
import type { Check, Depth } from '#lib/contracts/verification.ts';
import { backupJob, verifyJob } from '#lib/jobs/queue.ts';
import { eventually } from './worker.ts';

/** Asks for a backup as the web does: row and job in one transaction. */
export async function queueBackup(
  engine: EngineDeps,
  options: {
    readonly tiers?: Tier[];
    readonly destinations?: Destination[];
    /** Default: the environment's own. */
    readonly sourceId?: string;
    readonly isJobLost?: boolean;
  } = {},
): Promise<string> {
  const tiers = options.tiers ?? ['MANUAL'];
  return engine.db.transaction(async (tx) => {
    const [row] = await tx
      .insert(backups)
      .values({
        filename: 'not-yet.dump',
        type: tiers[0] ?? 'MANUAL',
        tiers,
        destinations: options.destinations ?? ['local'],
        ...(options.sourceId === undefined ? {} : { sourceId: options.sourceId }),
      })
      .returning({ id: backups.id });
    if (row === undefined) throw new Error('no row');
    if (options.isJobLost !== true) await engine.queue.enqueue(tx, backupJob, { backupId: row.id });
    return row.id;
  });
}

export interface SeenBackup {
  readonly id: string;
  readonly status: string;
  readonly phase: string;
  readonly filename: string;
  readonly workerId: string | null;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly errorHint: string | null;
  readonly checksum: string | null;
  readonly sizeBytes: number | null;
  readonly progressBytes: number;
  readonly progressPercent: number;
  readonly copies: readonly { readonly destination: string; readonly key: string; readonly status: string }[];
}

export async function seeBackup(sql: postgres.Sql, id: string): Promise<SeenBackup> {
  const [row] = await sql<SeenBackup[]>`
    select id, status, phase, filename, worker_id as "workerId", error_code as "errorCode",
           error_message as "errorMessage", error_hint as "errorHint", checksum, size_bytes::float as "sizeBytes",
           progress_bytes::float as "progressBytes", progress_percent as "progressPercent",
           coalesce((select jsonb_agg(jsonb_build_object('destination', destination, 'key', key, 'status', status))
                     from backup_copies where backup_id = backups.id), '[]') as copies
    from backups where id = ${id}`;
  if (row === undefined) throw new Error(`no backup ${id}`);
  return row;
}

/** Resolves with the row once `wanted` says so. */
export async function backupWhere(
  sql: postgres.Sql,
  id: string,
  wanted: (backup: SeenBackup) => boolean,
  explain: () => string = () => '',
  timeoutMs?: number,
): Promise<SeenBackup> {
  let last: SeenBackup | undefined;
  return eventually(
    async () => {
      last = await seeBackup(sql, id);
      return wanted(last) && last;
    },
    () => `${JSON.stringify(last)}\n${explain()}`,
    timeoutMs,
  );
}

export const isOver = ({ status }: SeenBackup): boolean => status !== 'IN_PROGRESS';

/** Lies beside the archives of every destination, whatever else is there. */
export const RESTORE_KIT: readonly string[] = ['RESTORE.md', 'restore.sh'];

/** Everything under a folder but the restore kit, sorted; empty when there is no such folder. */
export function filesUnder(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !RESTORE_KIT.includes(entry.name))
      .map((entry) => entry.name)
      .sort();
  } catch {
    return [];
  }
}

/** Asks for a verification as the web does: row and job in one transaction. */
export async function queueVerification(
  engine: EngineDeps,
  backupId: string,
  depth: Depth,
  options: { readonly destination?: Destination; readonly isJobLost?: boolean } = {},
): Promise<string> {
  const { destination = 'local', isJobLost = false } = options;
  return engine.db.transaction(async (tx) => {
    const id = await insertVerification(tx, {
      backupId,
      destination,
      depth,
      cause: 'manual',
      requestedBy: 'test',
    });
    if (!isJobLost) await engine.queue.enqueue(tx, verifyJob, { verificationId: id });
    return id;
  });
}

export interface SeenVerification {
  readonly status: string;
  readonly proven: boolean;
  readonly phase: string;
  readonly workerId: string | null;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly checks: readonly Check[];
  readonly log: string;
}

export async function seeVerification(sql: postgres.Sql, id: string): Promise<SeenVerification> {
  const [row] = await sql<SeenVerification[]>`
    select status, proven, phase, worker_id as "workerId", error_code as "errorCode", error_message as "errorMessage",
           checks, log
    from verifications where id = ${id}`;
  if (row === undefined) throw new Error(`no verification ${id}`);
  return row;
}

/** Resolves with the row once `wanted` says so. */
export async function verificationWhere(
  sql: postgres.Sql,
  id: string,
  wanted: (verification: SeenVerification) => boolean,
  explain: () => string = () => '',
  timeoutMs?: number,
): Promise<SeenVerification> {
  let last: SeenVerification | undefined;
  return eventually(
    async () => {
      last = await seeVerification(sql, id);
      return wanted(last) && last;
    },
    () => `${JSON.stringify(last)}\n${explain()}`,
    timeoutMs,
  );
}

/** From here on nothing is proven by itself: for tests of what comes before. */
export async function switchProofsOff(sql: postgres.Sql): Promise<void> {
  await sql`insert into settings (key, value) values ('console', '{"verification": {"restore": "off", "scrubDays": 0}}')`;
}
