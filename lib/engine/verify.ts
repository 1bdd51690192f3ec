import type { BackupStatus } from '../contracts/backup.ts';
import type { DrillStep } from '../contracts/drill.ts';
import type { Check, VerifyEvent, VerifyOutcome, VerifyPhase } from '../contracts/verification.ts';
import { AppError, runErrorOf } from '../core/errors.ts';
import { verifyJob } from '../jobs/queue.ts';
import { startVerifier } from '../verify/start-verifier.ts';
import type { Tx } from '#db/client.ts';
import { addAuditEntry } from '#db/queries/audit.ts';
import { sourceOfBackup } from '#db/queries/backup.ts';
import { readVerificationPolicy } from '#db/queries/setting.ts';
import {
  beatVerification,
  claimVerification,
  findVerification,
  insertVerification,
  releaseVerification,
  settleVerification,
  type NewVerification,
  type VerificationClaim,
  type VerificationRecord,
  type VerificationResult,
} from '#db/queries/verification.ts';
import { workerActor, type EngineDeps } from './deps.ts';
import { endDrillOf } from './drill.ts';
import { keepable, keepableCheck } from './keepable.ts';
import { answered, persist } from './persist.ts';
import { runRetain } from './retain.ts';
import { depsOfSource } from './source-deps.ts';

/** `released`: the worker stops, and the verification waits for another. */
export type VerificationEnd = 'ended' | 'released' | 'gone';

const BEAT_MS = 1000;
const BEAT_ANSWER_MS = 5000;
const TURN_MS = 1000;
/** Checks and log may be large: they are shown a little later than the progress. */
const FINDINGS_MS = 3000;
const LOG_BYTES_MAX = 256 * 1024;

const unknown = (error: AppError): VerifyOutcome => ({
  status: 'UNKNOWN',
  proven: false,
  restoreMs: null,
  place: null,
  error: runErrorOf(error),
});

export const verificationCancelled = (by: string | null): AppError =>
  new AppError('cancelled', `cancelled by ${by ?? 'a person'}`, {
    hint: 'Verify the backup again when you are ready.',
  });

const takenAwayError = (): AppError =>
  new AppError(
    'interrupted',
    'this verification was given up while its worker could not reach the catalogue',
    {
      hint: 'Verify the backup again.',
    },
  );

const timeoutError = (minutes: number): AppError =>
  new AppError('timeout', `the verification took longer than ${String(minutes)} minutes`, {
    hint: 'Find out what slows it down, or raise BACKUP_VERIFY_TIMEOUT_MINUTES.',
  });

const deletedError = (): AppError =>
  new AppError('conflict', 'this backup was deleted while it was verified', {
    hint: 'Verify another backup.',
  });

const noCopyError = (destination: string): AppError =>
  new AppError('conflict', `this backup has no stored copy at ${destination} any more`, {
    hint: 'Look at the copies of this backup, and verify one that is stored.',
  });

const isDeleted = (status: BackupStatus): boolean => status === 'EXPIRED' || status === 'DELETED';

/** What a running verification has shown so far. */
interface Findings {
  readonly checks: Check[];
  log: string;
  isFull: boolean;
  /** Counts what came; the heartbeat sends the findings on when it rose. */
  count: number;
}

function addLine(findings: Findings, line: string): void {
  if (findings.isFull) return;
  if (Buffer.byteLength(findings.log) + Buffer.byteLength(line) + 1 > LOG_BYTES_MAX) {
    findings.isFull = true;
    line = 'the log is longer than is kept; the rest is left out';
  }
  findings.log += `${keepable(line)}\n`;
  findings.count += 1;
}

/** How long each phase took; one that comes again goes on where it was. */
function createSteps(deps: EngineDeps): {
  enter(phase: VerifyPhase): void;
  soFar(): DrillStep[];
} {
  const durations = new Map<VerifyPhase, number>();
  let current: VerifyPhase = 'preparing';
  let since = deps.clock.now().getTime();
  const note = (): void => {
    const now = deps.clock.now().getTime();
    durations.set(current, (durations.get(current) ?? 0) + Math.max(0, now - since));
    since = now;
  };
  return {
    enter: (phase) => {
      if (phase === current) return;
      note();
      current = phase;
    },
    soFar: () => {
      note();
      return [...durations].map(([phase, durationMs]) => ({ phase, durationMs }));
    },
  };
}

/** Waits until no backup waits or runs and no other verification runs, then takes the row, which can be cancelled meanwhile. */
async function claim(deps: EngineDeps, id: string, stop: AbortSignal): Promise<VerificationClaim> {
  for (let isFirst = true; ; isFirst = false) {
    const result = await persist(
      deps,
      'verification claim',
      () => deps.db.transaction((tx) => claimVerification(tx, id, deps.workerId)),
      stop,
    );
    if (result.state !== 'busy') return result;
    if (isFirst) deps.log.info('a verification waits until backups and other verifications are over', { id });
    await deps.clock.sleep(TURN_MS, stop);
  }
}

/**
 * Ends a verification, says so on its backup, ends the drill that it was, and tells the audit log; all or nothing. Returns the row as it is then; null when it
 * is not this worker's any more.
 */
async function settle(
  deps: EngineDeps,
  id: string,
  workerId: string | null,
  result: Omit<VerificationResult, 'outcomeIfDeleted'>,
  part: 'verification' | 'recovery',
  steps: readonly DrillStep[] = [],
): Promise<VerificationRecord | null> {
  return deps.db.transaction(async (tx) => {
    const settled = await settleVerification(tx, id, workerId, {
      ...result,
      outcomeIfDeleted: unknown(deletedError()),
    });
    const row = settled === 'lost' ? null : await findVerification(tx, id);
    if (row === null || settled === 'already') return row;
    await addAuditEntry(
      tx,
      workerActor(part),
      row.status === 'FAILED' ? 'verification.fail' : 'verification.complete',
      row.backupId,
      {
        sourceId: await sourceOfBackup(tx, row.backupId),
        verificationId: id,
        depth: row.depth,
        destination: row.destination,
        status: row.status,
        proven: row.proven,
        code: row.errorCode,
        durationMs: row.durationMs,
      },
    );
    await endDrillOf(deps, tx, row, steps);
    return row;
  });
}

/** Adds a verification nobody asked for, its audit entry and its job. The caller's transaction holds the backup's row. */
export async function addVerification(
  deps: EngineDeps,
  tx: Tx,
  values: Omit<NewVerification, 'requestedBy'>,
): Promise<string> {
  const verificationId = await insertVerification(tx, { ...values, requestedBy: null });
  const { backupId, ...details } = values;
  await addAuditEntry(tx, workerActor('verification'), 'verification.start', backupId, {
    sourceId: await sourceOfBackup(tx, backupId),
    verificationId,
    ...details,
  });
  await deps.queue.enqueue(tx, verifyJob, { verificationId });
  return verificationId;
}

/** Ends one that no worker holds, or whose worker died, with nothing shown. False when it is not in that state any more. */
export async function endUnknown(
  deps: EngineDeps,
  id: string,
  workerId: string | null,
  error: AppError,
): Promise<boolean> {
  // What a dead worker had found stays to be read.
  const { checks, log } = (await findVerification(deps.db, id)) ?? { checks: [], log: '' };
  const part = workerId === null ? 'verification' : 'recovery';
  return (await settle(deps, id, workerId, { outcome: unknown(error), checks, log }, part)) !== null;
}

/**
 * Verifies what the row says: claims it, has a process of its own verify, and ends the row PASSED, FAILED or UNKNOWN with all
 * that was shown. A FAILED one marks its backup; one whose backup was deleted meanwhile is UNKNOWN `conflict` and marks
 * nothing. `stop` ends it at once and lets the row wait for another worker; it throws only where the wait for a turn was
 * ended by it, or the catalogue stayed away. A second call for the same row does nothing.
 */
export async function runVerify(
  ownDeps: EngineDeps,
  id: string,
  stop: AbortSignal,
): Promise<VerificationEnd> {
  const claimed = await claim(ownDeps, id, stop);
  switch (claimed.state) {
    case 'busy':
    case 'gone':
      return 'gone';
    case 'cancelled':
      return (await endUnknown(ownDeps, id, null, verificationCancelled(claimed.by))) ? 'ended' : 'gone';
    case 'claimed':
  }
  const { run, key, backup } = claimed;
  const deps = await depsOfSource(ownDeps, backup.sourceId);
  const log = deps.log.child({ verificationId: id, backupId: run.backupId });
  const stopped = new AbortController();
  const end = (error: AppError): void => {
    if (!stopped.signal.aborted) stopped.abort(error);
  };
  const { timeoutMinutes } = deps.config.verify;
  const limit = setTimeout(() => {
    end(timeoutError(timeoutMinutes));
  }, timeoutMinutes * 60_000);
  const signal = AbortSignal.any([stop, stopped.signal]);

  const findings: Findings = { checks: [], log: '', isFull: false, count: 0 };
  const steps = createSteps(deps);
  let progress: Omit<Extract<VerifyEvent, { type: 'progress' }>, 'type'> = { phase: 'preparing', bytes: 0 };
  const beatsEnd = new AbortController();
  const beats = (async () => {
    let isAway = false;
    let sent = { count: 0, at: 0 };
    while (!beatsEnd.signal.aborted) {
      const now = deps.clock.now().getTime();
      const { count } = findings;
      const isNews = count > sent.count && now - sent.at >= FINDINGS_MS;
      try {
        const { phase, bytes, totalBytes = null } = progress;
        const answer = await answered(
          deps.clock,
          beatVerification(deps.db, id, deps.workerId, {
            phase,
            bytes,
            totalBytes,
            findings: isNews ? findings : undefined,
          }),
          BEAT_ANSWER_MS,
        );
        if (isNews) sent = { count, at: now };
        if (answer === null) end(takenAwayError());
        else if (answer.cancelRequested) end(verificationCancelled(answer.cancelRequestedBy));
        else if (isDeleted(answer.backupStatus)) end(deletedError());
        isAway = false;
      } catch (error) {
        // A catalogue that restarts must not end a verification that is fine.
        if (!isAway) log.warn('no heartbeat could be written; the verification goes on', { error });
        isAway = true;
      }
      await deps.clock.sleep(BEAT_MS, beatsEnd.signal).catch(() => undefined);
    }
  })();

  log.info('verification started', { depth: run.depth, destination: run.destination, cause: run.cause });
  try {
    let outcome = await verify(deps, { run, key, backup }, { signal, log }, (event) => {
      switch (event.type) {
        case 'progress':
          progress = event;
          steps.enter(event.phase);
          break;
        case 'check':
          findings.checks.push(keepableCheck(event.check));
          findings.count += 1;
          break;
        case 'log':
          addLine(findings, `${event.at} ${event.line}`);
      }
    });
    // A stopping worker has shown nothing about the backup; a person who cancelled has said enough.
    if (stop.aborted && !stopped.signal.aborted && outcome.status === 'UNKNOWN') {
      if (await release(deps, id)) {
        log.info('the worker stops; the verification waits for another');
        return 'released';
      }
      // It is not waited for any more: a person cancelled it in the same moment.
      outcome = unknown(verificationCancelled(null));
    }
    const { checks, log: text } = findings;
    const taken = steps.soFar();
    const row = await persist(deps, 'verification ended', () =>
      settle(deps, id, deps.workerId, { outcome, checks, log: text }, 'verification', taken),
    );
    if (row === null) return 'gone';
    const { status, proven, errorCode, errorMessage } = row;
    const said = { status, proven, errorCode, errorMessage };
    if (status === 'FAILED') {
      log.error('verification failed', said);
      await lookAgain(deps, log);
    } else log.info('verification ended', said);
    return 'ended';
  } finally {
    clearTimeout(limit);
    // The run is shown as living until its last word is written.
    beatsEnd.abort();
    await beats;
  }
}

/** Never throws: what kept it from running is an outcome too. */
async function verify(
  deps: EngineDeps,
  { run, key, backup }: Pick<Extract<VerificationClaim, { state: 'claimed' }>, 'run' | 'key' | 'backup'>,
  ctx: { readonly signal: AbortSignal; readonly log: EngineDeps['log'] },
  onEvent: Parameters<typeof startVerifier>[3],
): Promise<VerifyOutcome> {
  if (isDeleted(backup.status)) return unknown(deletedError());
  if (key === null) return unknown(noCopyError(run.destination));
  const policy = await persist(deps, 'verification policy', () =>
    readVerificationPolicy(deps.db, deps.sourceId),
  );
  return startVerifier(
    deps.config,
    {
      id: run.id,
      destination: run.destination,
      key,
      depth: run.depth,
      policy,
      recorded:
        backup.stored === null
          ? null
          : {
              backupId: run.backupId,
              stored: backup.stored,
              manifestChecksum: backup.manifestChecksum,
            },
    },
    ctx,
    onEvent,
  );
}

/** Back to waiting, with a new job, together or not at all. */
async function release(deps: EngineDeps, id: string): Promise<boolean> {
  return persist(deps, 'verification released', () =>
    deps.db.transaction(async (tx) => {
      if (!(await releaseVerification(tx, id, deps.workerId))) return false;
      await deps.queue.enqueue(tx, verifyJob, { verificationId: id });
      return true;
    }),
  );
}

/** What counts as a copy has changed. */
async function lookAgain(deps: EngineDeps, log: EngineDeps['log']): Promise<void> {
  try {
    await runRetain(deps);
  } catch (error) {
    // The verdict stands; the next backup looks again.
    log.error('retention could not run', { error });
  }
}
