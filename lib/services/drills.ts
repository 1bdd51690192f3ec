import type { Actor } from '../core/actor.ts';
import { drillDates } from '../core/drill.ts';
import { AppError } from '../core/errors.ts';
import type {
  Drill,
  DrillAccepted,
  DrillList,
  DrillPlan,
  DrillQuery,
  DrillRequest,
} from '../contracts/drill.ts';
import { ENVIRONMENT_SOURCE_ID } from '../contracts/source.ts';
import { verifyJob } from '../jobs/queue.ts';
import { fingerprintOf } from '../platform/report-signature.ts';
import { configForSource } from '../platform/source-config.ts';
import type { Backend } from '#db/backend.ts';
import { addAuditEntry } from '#db/queries/audit.ts';
import { catalogueNow } from '#db/queries/backup.ts';
import {
  findDrill,
  findShownDrill,
  findShownDrills,
  insertDrill,
  lockBackupToComeBackTo,
  lockDrills,
  newestDrillsOf,
  unfinishedDrillOf,
  type DrillRecord,
  type ShownDrill,
} from '#db/queries/drill.ts';
import { findReportKeys } from '#db/queries/report-key.ts';
import { readConsoleSettings, readVerificationPolicy } from '#db/queries/setting.ts';
import { findSource, findSources, type SourceRecord } from '#db/queries/source.ts';
import { unfinishedVerificationOf } from '#db/queries/verification.ts';
import { toRunError } from './backup-row.ts';
import { noSuchSource } from './sources.ts';

const noSuchDrill = (): AppError =>
  new AppError('not_found', 'there is no drill with this id', {
    hint: 'GET /api/v1/admin/drills lists those there are.',
  });

const iso = (at: Date | null): string | null => at?.toISOString() ?? null;

const reportNameOf = (drill: Pick<DrillRecord, 'id' | 'createdAt'>): string =>
  `drill_${drill.createdAt.toISOString().slice(0, 10)}_${drill.id.slice(0, 8)}.json`;

function toDrill(row: ShownDrill): Drill {
  const isOver = row.status !== 'IN_PROGRESS';
  const running = row.running?.startedAt === undefined ? null : row.running;
  const startedAt = isOver ? row.startedAt : (running?.startedAt ?? null);
  return {
    id: row.id,
    source: { id: row.sourceId, name: row.sourceName },
    cause: row.cause,
    dueAt: iso(row.dueAt),
    requestedBy: row.requestedBy,
    note: row.note,
    createdAt: row.createdAt.toISOString(),
    startedAt: iso(startedAt),
    finishedAt: iso(row.finishedAt),
    objectives: row.objectives,
    measured: row.measured ?? {
      waitedMs: null,
      recoveryMs: null,
      restoreMs: null,
      dataLossMs:
        row.backup === null ? null : row.createdAt.getTime() - new Date(row.backup.takenAt).getTime(),
    },
    verdicts: row.verdicts,
    backup: row.backup,
    place: row.place,
    steps: row.steps,
    checks:
      isOver || running === null
        ? row.checks
        : { passed: running.passedCount, failed: running.failedCount, unknown: running.unknownCount },
    error: toRunError(row),
    status: row.status,
    verificationId: row.verificationId,
    progress: isOver
      ? null
      : {
          phase: running?.phase ?? 'queued',
          bytes: running?.progressBytes ?? 0,
          totalBytes: running?.progressTotalBytes ?? null,
          cancelRequested: running !== null && running.cancelRequestedAt !== null,
        },
    report:
      row.reportSha256 === null
        ? null
        : {
            filename: reportNameOf(row),
            sha256: row.reportSha256,
            publicKey: row.publicKey,
            keyFingerprint: row.publicKey === null ? null : fingerprintOf(row.publicKey),
            signatureError: row.signatureError,
          },
  };
}

/**
 * Asks for a drill of the newest backup of a source: row, verification, audit entry and job in one transaction. Throws `not_found` for
 * a source that is none, `conflict` for a disabled one, and `locked` while a drill of this source waits or runs, or the backup it would
 * come back from is being verified.
 */
export async function requestDrill(
  backend: Backend,
  actor: Actor,
  { sourceId = ENVIRONMENT_SOURCE_ID, note }: DrillRequest,
): Promise<DrillAccepted> {
  const queue = await backend.queue();
  const id = await backend.db.transaction(async (tx) => {
    await lockDrills(tx);
    const source = await findSource(tx, sourceId);
    if (source === null) throw noSuchSource();
    if (!source.isEnabled) {
      throw new AppError('conflict', 'this source is disabled', {
        hint: 'Enable it in the sources, then run the drill.',
      });
    }
    const unfinished = await unfinishedDrillOf(tx, sourceId);
    if (unfinished !== null) {
      throw new AppError('locked', 'a drill of this source is running already', {
        hint: 'Wait until it has ended, or cancel its verification, then try again.',
        fields: { drillId: unfinished },
      });
    }
    const backup = await lockBackupToComeBackTo(tx, sourceId);
    const verifying = backup === null ? null : await unfinishedVerificationOf(tx, backup.id);
    if (verifying !== null) {
      throw new AppError('locked', 'the backup to come back from is being verified already', {
        hint: 'Wait until that verification has ended, or cancel it, then try again.',
        fields: { verificationId: verifying },
      });
    }
    const { rtoMinutes, rpoHours } = await readConsoleSettings(tx);
    const drill = await insertDrill(tx, {
      sourceId,
      cause: 'manual',
      dueAt: null,
      requestedBy: actor.name,
      note: note === undefined || note === '' ? null : note,
      objectives: { rtoMinutes, rpoHours },
      backup,
      createdAt: await catalogueNow(tx),
    });
    const { verificationId } = drill;
    await addAuditEntry(tx, actor, 'drill.start', drill.id, {
      sourceId,
      backupId: backup?.id ?? null,
      verificationId,
      filename: backup?.filename ?? null,
    });
    if (verificationId !== null) await queue.enqueue(tx, verifyJob, { verificationId });
    return drill.id;
  });
  return { id, status: 'IN_PROGRESS', message: 'Drill started' };
}

export async function getDrill(backend: Backend, id: string): Promise<Drill> {
  const row = await findShownDrill(backend.db, id);
  if (row === null) throw noSuchDrill();
  return toDrill(row);
}

async function planOf(backend: Backend, source: SourceRecord, now: Date): Promise<DrillPlan> {
  const { id, name, isEnabled, createdAt } = source;
  const { drill: schedule } = await readVerificationPolicy(backend.db, id);
  const { judged } = await newestDrillsOf(backend.db, id);
  const { dueAt, nextDueAt } = drillDates(
    schedule,
    configForSource(backend.config, source).schedule.timeZone,
    { now, since: createdAt, answeredAt: judged?.createdAt ?? null },
  );
  return {
    source: { id, name },
    isEnabled,
    schedule,
    nextDueAt: iso(nextDueAt),
    overdueSince: isEnabled ? iso(dueAt) : null,
  };
}

/** Newest first, with the plan of every source. */
export async function listDrills(backend: Backend, query: DrillQuery): Promise<DrillList> {
  const { page, limit } = query;
  const { rows, total } = await findShownDrills(backend.db, query);
  const now = await catalogueNow(backend.db);
  const plans: DrillPlan[] = [];
  for (const source of await findSources(backend.db)) plans.push(await planOf(backend, source, now));
  return { data: rows.map(toDrill), meta: { total, page, limit }, plans };
}

async function needReport(backend: Backend, id: string): Promise<DrillRecord & { readonly report: string }> {
  const drill = await findDrill(backend.db, id);
  if (drill === null) throw noSuchDrill();
  const { report } = drill;
  if (report === null) {
    throw new AppError('conflict', 'this drill has not ended', {
      hint: 'Wait until it has; its report is written then.',
    });
  }
  return { ...drill, report };
}

export interface DrillFile {
  readonly filename: string;
  readonly contentType: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The exact bytes that are signed. Throws `conflict` while the drill runs. */
export async function openReport(backend: Backend, id: string): Promise<DrillFile> {
  const drill = await needReport(backend, id);
  return {
    filename: reportNameOf(drill),
    contentType: 'application/json',
    bytes: new Uint8Array(Buffer.from(drill.report)),
  };
}

/** 64 bytes, as `openssl pkeyutl -sigfile` reads them. Throws `conflict` while there is none. */
export async function openSignature(backend: Backend, id: string): Promise<DrillFile> {
  const drill = await needReport(backend, id);
  if (drill.signature === null) {
    throw new AppError('conflict', drill.signatureError?.message ?? 'this report is not signed yet', {
      hint: drill.signatureError?.hint ?? 'A worker signs it within a minute.',
    });
  }
  return {
    filename: `${reportNameOf(drill)}.sig`,
    contentType: 'application/octet-stream',
    bytes: new Uint8Array(Buffer.from(drill.signature, 'base64')),
  };
}

/** The newest public key, PEM. Throws `not_found` before the first report was signed. */
export async function openReportKey(backend: Backend): Promise<DrillFile> {
  const [newest] = await findReportKeys(backend.db);
  if (newest === undefined) {
    throw new AppError('not_found', 'no report has been signed yet', {
      hint: 'Run a drill: the key is made when its report is signed.',
    });
  }
  return {
    filename: 'holdfast-reports.pem',
    contentType: 'application/x-pem-file',
    bytes: new Uint8Array(Buffer.from(newest.publicKey)),
  };
}
