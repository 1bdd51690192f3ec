import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { VerifyEvent, VerifyOrder, VerifyOutcome } from '../contracts/verification.ts';
import { humanBytes } from '../core/bytes.ts';
import type { Manifest } from '../contracts/manifest.ts';
import { AppError, toAppError, runErrorOf } from '../core/errors.ts';
import type { SourceKind } from '../core/source-kind.ts';
import type { Config } from '../platform/config.ts';
import { loadStorage } from '../storage/load-storage.ts';
import type { Storage } from '../storage/storage.ts';
import { checkObject, checkBytes } from './check-bytes.ts';
import { checkRestore, type Restored } from './check-restore.ts';
import { hasRoom } from './disk-space.ts';
import { decodeToFile, decodeToNowhere } from './decode-archive.ts';
import { findDecoding, listReaders, type Decoding } from './decoding.ts';
import { createFindings, type Findings } from './findings.ts';
import { judge } from './judge.ts';
import { readManifest } from './read-manifest.ts';
import { readArchive } from './read-object.ts';
import { createVerifyProgress } from './verify-progress.ts';
import type { VerifyContext, VerifyRun } from './verify-run.ts';

/**
 * Verifies one stored archive to the depth ordered, from the stored object and its manifest alone. Reports checks, progress and
 * log lines as they come, and returns the outcome, which is not among them. Never throws for what it finds, nor for what keeps it
 * from finding it: that is UNKNOWN with a code. When it returns, none of its processes and files are left.
 */
export async function verifyArchive(
  config: Config,
  order: VerifyOrder,
  report: (event: VerifyEvent) => void,
  ctx: VerifyContext,
): Promise<VerifyOutcome> {
  const findings = createFindings(report, ctx);
  const folder = join(config.verify.dir, order.id);
  const say = (line: string): void => {
    ctx.log.info(line, { verification: order.id });
    report({ type: 'log', at: ctx.clock.now().toISOString(), line });
  };
  let restored: Restored = { restoreMs: null, place: null };
  let kind: SourceKind = 'postgres';
  let abort: AppError | null = null;
  const storage = await openStorageOrNull(config, order, findings);
  try {
    using progress = createVerifyProgress(report);
    progress.enter('preparing');
    ctx.signal.throwIfAborted();
    if (storage !== null) {
      const run: VerifyRun = { config, order, storage, findings, progress, folder, ctx, say };
      const verified = await verifyDepths(run);
      restored = verified.restored ?? restored;
      kind = verified.kind;
    }
    progress.enter('finishing');
  } catch (thrown) {
    if (!ctx.signal.aborted) {
      const error = toAppError(thrown);
      ctx.log.error('a verification stopped', { error });
      findings.open('verification').unknown(error);
    }
  } finally {
    await storage?.close();
    await removeFolder(folder, ctx);
  }
  if (ctx.signal.aborted) abort = toAppError(ctx.signal.reason);
  const { status, proven, error } = judge(order.depth, kind, findings.all, abort);
  say(error === null ? status.toLowerCase() : `${status.toLowerCase()}: ${error.message} [${error.code}]`);
  return {
    status,
    proven,
    ...restored,
    error: error === null ? null : runErrorOf(error),
  };
}

async function openStorageOrNull(
  config: Config,
  order: VerifyOrder,
  findings: Findings,
): Promise<Storage | null> {
  const check = findings.open('object');
  try {
    return await loadStorage(config, order.destination);
  } catch (thrown) {
    check.unknown(toAppError(thrown));
    return null;
  }
}

async function removeFolder(folder: string, ctx: VerifyContext): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true });
  } catch (error) {
    // The next start sweeps it.
    ctx.log.warn('could not remove what a verification left', { folder, error });
  }
}

interface Verified {
  readonly restored: Restored | null;
  /** Of the source; PostgreSQL's where no manifest tells of it, of which most is expected. */
  readonly kind: SourceKind;
}

async function verifyDepths(run: VerifyRun): Promise<Verified> {
  if (run.order.depth === 'bytes') return verifyWith(run, null);
  const readers = listReaders(run.config, run.ctx);
  // What goes wrong with them is told where they are needed.
  const asked = readers.catch(() => undefined);
  try {
    return await verifyWith(run, readers);
  } finally {
    // No program may outlive its verification.
    await asked;
  }
}

/** One depth after the other; the first that fails is the last. */
async function verifyWith(run: VerifyRun, readers: ReturnType<typeof listReaders> | null): Promise<Verified> {
  const { order, storage, findings, ctx } = run;
  const manifest = await readManifest(storage, order, findings, ctx);
  const isThere = await checkObject(run, manifest);
  const kind = manifest?.source.kind ?? 'postgres';
  if (manifest === null || !isThere || findings.hasFailed) return { restored: null, kind };
  return { restored: await verifyObject(run, manifest, readers), kind };
}

/** An archive that is there, of the size that its manifest tells. */
async function verifyObject(
  run: VerifyRun,
  manifest: Manifest,
  readers: ReturnType<typeof listReaders> | null,
): Promise<Restored | null> {
  const { order, findings, ctx } = run;
  run.say(`${order.key} at ${order.destination}: ${humanBytes(manifest.stored.bytes)}, depth ${order.depth}`);

  let decoding: Decoding | AppError | null = null;
  if (readers !== null) {
    decoding = await findDecoding(run.config, manifest, ctx, readers).catch((thrown: unknown) => {
      ctx.signal.throwIfAborted();
      return toAppError(thrown);
    });
  }
  if (decoding === null || decoding instanceof AppError) {
    run.progress.enter('reading', manifest.stored.bytes);
    await checkBytes(run, manifest, () => readArchive(run, null));
    // What cannot be opened here can still be read: its bytes are checked all the same.
    if (decoding !== null && !run.findings.hasFailed) findings.open('decode').unknown(decoding);
    return null;
  }
  if (order.depth === 'archive' || !(await hasRoom(run, manifest))) {
    await decodeToNowhere(run, manifest, decoding);
    return null;
  }
  const file = await decodeToFile(run, manifest, decoding, { isRead: true });
  return file === null ? null : checkRestore(run, manifest, file);
}
