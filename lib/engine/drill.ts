import { createHash, randomUUID } from 'node:crypto';
import { DrillReport, drillReportText, type DrillStep } from '../contracts/drill.ts';
import type { Check } from '../contracts/verification.ts';
import { judgeDrill, type DrillFacts } from '../core/drill.ts';
import { AppError, isErrorCode, toAppError, runErrorOf } from '../core/errors.ts';
import { newReportKey, signReport } from '../platform/report-signature.ts';
import { sealReportKey, unsealReportKey } from '../platform/seal.ts';
import { HOLDFAST_VERSION } from '../platform/version.ts';
import type { Tx } from '#db/client.ts';
import { addAuditEntry } from '#db/queries/audit.ts';
import { catalogueNow } from '#db/queries/backup.ts';
import {
  drillsToEnd,
  findDrill,
  lockDrillOfVerification,
  lockUnfinishedDrill,
  unsignedDrills,
  updateDrill,
  type DrillRecord,
} from '#db/queries/drill.ts';
import { findReportKeys, insertReportKey, lockReportKeys } from '#db/queries/report-key.ts';
import { findSource } from '#db/queries/source.ts';
import { findVerification, type VerificationRecord } from '#db/queries/verification.ts';
import { workerActor, type EngineDeps } from './deps.ts';

/** More would make a report that nobody reads; the counts tell of all. */
const NOT_PASSED_MAX = 1000;
const SIGNING_BATCH = 20;

const lostVerification: NonNullable<DrillFacts['verification']> = {
  status: 'UNKNOWN',
  isProven: false,
  durationMs: null,
  error: {
    code: 'interrupted',
    message: 'the verification of this drill is not in the catalogue any more',
    hint: 'Run the drill again.',
  },
};

function verificationFacts(row: VerificationRecord | null): NonNullable<DrillFacts['verification']> {
  if (row === null || row.status === 'IN_PROGRESS') return lostVerification;
  const { errorCode: code, errorMessage: message, errorHint: hint } = row;
  return {
    status: row.status,
    isProven: row.proven,
    durationMs: row.durationMs,
    error: code === null ? null : { code: isErrorCode(code) ? code : 'bug', message: message ?? code, hint },
  };
}

const kindOf = ({ name }: Check): string => name.split(':', 1)[0] ?? name;

/** In the order in which the kinds came. */
function countByKind(checks: readonly Check[]): DrillReport['checksByKind'] {
  const kinds = new Map<string, DrillReport['checksByKind'][number]>();
  for (const check of checks) {
    const kind = kindOf(check);
    const counted = kinds.get(kind) ?? { kind, passed: 0, failed: 0, unknown: 0, durationMs: 0 };
    const verdict = ({ PASSED: 'passed', FAILED: 'failed', UNKNOWN: 'unknown' } as const)[check.verdict];
    kinds.set(kind, {
      ...counted,
      [verdict]: counted[verdict] + 1,
      durationMs: counted.durationMs + check.durationMs,
    });
  }
  return [...kinds.values()];
}

const iso = (at: Date | null): string | null => at?.toISOString() ?? null;

/** Ends a drill by what its verification showed: verdicts, report, signature and audit entry, in the caller's transaction. */
async function endDrill(
  deps: EngineDeps,
  tx: Tx,
  drill: DrillRecord,
  verification: VerificationRecord | null,
  steps: readonly DrillStep[],
): Promise<void> {
  const finishedAt = await catalogueNow(tx);
  const { backup, objectives } = drill;
  const dataLossMs = backup === null ? null : drill.createdAt.getTime() - new Date(backup.takenAt).getTime();
  const { status, verdicts, recoveryMs, error } = judgeDrill({
    objectives,
    verification: backup === null ? null : verificationFacts(verification),
    dataLossMs,
  });
  const startedAt = verification?.startedAt ?? null;
  const measured = {
    waitedMs: startedAt === null ? null : Math.max(0, startedAt.getTime() - drill.createdAt.getTime()),
    recoveryMs,
    restoreMs: verification?.restoreMs ?? null,
    dataLossMs,
  };
  const found = verification?.checks ?? [];
  const checks = {
    passed: verification?.passedCount ?? 0,
    failed: verification?.failedCount ?? 0,
    unknown: verification?.unknownCount ?? 0,
  };
  const runError = error === null ? null : runErrorOf(error);
  // Parsed for its order: the catalogue's JSON comes back in another one, and the bytes are what is signed.
  const document = DrillReport.parse({
    format: 1,
    kind: 'holdfast-drill-report',
    holdfastVersion: HOLDFAST_VERSION,
    id: drill.id,
    source: { id: drill.sourceId, name: (await findSource(tx, drill.sourceId))?.name ?? drill.sourceId },
    cause: drill.cause,
    dueAt: iso(drill.dueAt),
    requestedBy: drill.requestedBy,
    note: drill.note,
    createdAt: drill.createdAt.toISOString(),
    startedAt: iso(startedAt),
    finishedAt: finishedAt.toISOString(),
    status,
    verdicts,
    objectives,
    measured,
    backup,
    place: verification?.place ?? null,
    steps: [...steps],
    checks,
    checksByKind: countByKind(found),
    notPassed: found.filter(({ verdict }) => verdict !== 'PASSED').slice(0, NOT_PASSED_MAX),
    error: runError,
  } satisfies DrillReport);
  const report = drillReportText(document);
  await updateDrill(tx, drill.id, {
    status,
    startedAt,
    finishedAt,
    place: verification?.place ?? null,
    measured,
    verdicts,
    steps: [...steps],
    checks,
    errorCode: runError?.code ?? null,
    errorMessage: runError?.message ?? null,
    errorHint: runError?.hint ?? null,
    report,
    reportSha256: createHash('sha256').update(report).digest('hex'),
    ...(await signatureOf(deps, tx, report)),
  });
  await addAuditEntry(
    tx,
    workerActor('drill'),
    status === 'FAILED' ? 'drill.fail' : 'drill.complete',
    drill.id,
    {
      sourceId: drill.sourceId,
      backupId: backup?.id ?? null,
      status,
      ...verdicts,
      ...measured,
      code: runError?.code ?? null,
    },
  );
  const said = { drillId: drill.id, status, ...verdicts, ...measured, code: runError?.code };
  if (status === 'FAILED') deps.log.error('a drill failed', said);
  else deps.log.info('a drill ended', said);
}

/** Signs with the newest key that opens, or with a new one. A missing or another secret leaves the report unsigned, and says so. */
async function signatureOf(
  deps: EngineDeps,
  tx: Tx,
  report: string,
): Promise<Pick<DrillRecord, 'signature' | 'publicKey' | 'signatureError'>> {
  const { secret } = deps.config;
  await lockReportKeys(tx);
  try {
    for (const key of await findReportKeys(tx)) {
      const privateKey = opened(() => unsealReportKey(secret, key.id, key.sealedPrivateKey));
      if (privateKey !== null) return signed(signReport(privateKey, report), key.publicKey);
    }
    const key = newReportKey();
    const id = randomUUID();
    const sealedPrivateKey = sealReportKey(secret, id, key.privateKey);
    await insertReportKey(tx, { id, publicKey: key.publicKey, sealedPrivateKey });
    await addAuditEntry(tx, workerActor('drill'), 'drill.key', id, {});
    return signed(signReport(key.privateKey, report), key.publicKey);
  } catch (thrown) {
    const error = toAppError(thrown);
    if (error.code !== 'config') throw thrown;
    const { code, message, hint = null } = error;
    return { signature: null, publicKey: null, signatureError: { code, message, hint } };
  }
}

const signed = (signature: Buffer, publicKey: string) => ({
  signature: signature.toString('base64'),
  publicKey,
  signatureError: null,
});

/** Null for what another HOLDFAST_SECRET sealed: there is a next key, or a new one is made. */
function opened<Value>(open: () => Value): Value | null {
  try {
    return open();
  } catch (error) {
    if (error instanceof AppError && error.code === 'config') return null;
    throw error;
  }
}

/** Ends the drill that this verification was, if it was one: in the transaction that ends the verification, so that no crash comes between. */
export async function endDrillOf(
  deps: EngineDeps,
  tx: Tx,
  verification: VerificationRecord,
  steps: readonly DrillStep[],
): Promise<void> {
  const drill = await lockDrillOfVerification(tx, verification.id);
  if (drill !== null) await endDrill(deps, tx, drill, verification, steps);
}

/** Ends what no verification will end: drills without a backup to come back to, and those whose verification is over or gone. */
export async function endLeftDrills(deps: EngineDeps): Promise<void> {
  for (const id of await drillsToEnd(deps.db)) {
    await deps.db.transaction(async (tx) => {
      const drill = await lockUnfinishedDrill(tx, id);
      if (drill === null) return;
      const { verificationId } = drill;
      const verification = verificationId === null ? null : await findVerification(tx, verificationId);
      // Since it was listed, another worker may hold the verification.
      if (verification?.status === 'IN_PROGRESS') return;
      await endDrill(deps, tx, drill, verification, []);
    });
  }
}

/** Signs reports that could not be signed when they were written. */
export async function signLeftReports(deps: EngineDeps): Promise<void> {
  if (deps.config.secret === null) return;
  for (const id of await unsignedDrills(deps.db, SIGNING_BATCH)) {
    await deps.db.transaction(async (tx) => {
      const drill = await findDrill(tx, id);
      if (drill?.report == null || drill.signature !== null) return;
      await updateDrill(tx, id, await signatureOf(deps, tx, drill.report));
    });
  }
}
