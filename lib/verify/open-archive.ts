import { mkdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { manifestNameOf, type Manifest } from '../contracts/manifest.ts';
import { DEFAULT_VERIFICATION_POLICY } from '../contracts/verification.ts';
import type { Destination } from '../contracts/backup.ts';
import { humanBytes } from '../core/bytes.ts';
import { AppError } from '../core/errors.ts';
import type { Config } from '../platform/config.ts';
import { isObjectKey } from '../storage/object-key.ts';
import { openStorage } from '../storage/registry.ts';
import type { Storage } from '../storage/storage.ts';
import { checkObject } from './check-bytes.ts';
import { decodeToFile } from './decode-archive.ts';
import { findDecoding } from './decoding.ts';
import { createFindings } from './findings.ts';
import { openForeignArchive } from './foreign-archive.ts';
import { readManifest } from './read-manifest.ts';
import { createVerifyProgress } from './verify-progress.ts';
import type { VerifyContext } from './verify-run.ts';

/** Where the archive to be restored lies: an object of a destination, or any file of this machine. */
export interface ArchivePlace {
  readonly destination: Destination;
  readonly key: string;
  /** The file itself where it is local; null in S3. */
  readonly path: string | null;
}

/** A dump that was read to its end, so that nothing of it can turn out to be missing while it is restored. */
export interface OpenedArchive {
  /** The plain dump, a seekable file: in the folder given, or the archive itself where nothing had to be undone. */
  readonly file: string;
  /** An absolute path to a pg_restore that reads it. */
  readonly pgRestore: string;
  /** Null where none lies beside the archive, so that neither its bytes nor its rows can be held against anything. */
  readonly manifest: Manifest | null;
  readonly storedBytes: number;
}

export interface OpenOptions {
  /** Private and there; holds the decoded dump. */
  readonly folder: string;
  /** For an archive without a manifest, which does not tell who wrote it. */
  readonly serverMajor: number;
  /** Leaves the manifest unread: the archive is taken as it is. */
  readonly ignoresManifest: boolean;
  readonly say: (line: string) => void;
}

/**
 * Checks an archive as `verifyArchive` does to the depth `archive`, and leaves it decoded. Throws what it found to be wrong, and
 * what kept it from finding out.
 */
export async function openArchive(
  config: Config,
  place: ArchivePlace,
  options: OpenOptions,
  ctx: VerifyContext,
): Promise<OpenedArchive> {
  const storage = openStorage(config, place.destination);
  try {
    const hasManifest =
      !options.ignoresManifest &&
      isObjectKey(place.key) &&
      (await storage.stat(ctx, manifestNameOf(place.key))) !== null;
    return hasManifest
      ? await openWithManifest(config, storage, place, options, ctx)
      : await openForeignArchive(config, storage, place, options, ctx);
  } finally {
    await storage.close();
  }
}

async function openWithManifest(
  config: Config,
  storage: Storage,
  { destination, key }: ArchivePlace,
  { folder, say }: OpenOptions,
  ctx: VerifyContext,
): Promise<OpenedArchive> {
  const findings = createFindings(() => undefined, ctx);
  const throwFound = (): void => {
    ctx.signal.throwIfAborted();
    const bad =
      findings.all.find(({ check }) => check.verdict === 'FAILED') ??
      findings.all.find(({ check }) => check.verdict === 'UNKNOWN' && check.isRequired);
    if (bad?.error !== null && bad?.error !== undefined) throw bad.error;
  };
  const order = {
    id: ctx.runId,
    destination,
    key,
    depth: 'archive',
    policy: DEFAULT_VERIFICATION_POLICY,
    recorded: null,
  } as const;
  using progress = createVerifyProgress(() => undefined);
  const run = { config, order, storage, findings, progress, folder, ctx, say };
  const manifest = await readManifest(storage, order, findings, ctx);
  throwFound();
  await checkObject(run, manifest);
  throwFound();
  if (manifest === null) throw new AppError('integrity', 'the manifest could not be read');
  const decoding = await findDecoding(config, manifest, ctx);
  await needRoom(folder, manifest.plain.bytes);
  const file = await decodeToFile(run, manifest, decoding);
  throwFound();
  if (file === null) throw new AppError('integrity', 'the archive could not be decoded');
  return { file, pgRestore: decoding.pgRestore, manifest, storedBytes: manifest.stored.bytes };
}

async function needRoom(folder: string, bytes: number): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= bytes) return;
  throw new AppError(
    'storage_full',
    `there is too little room for the decoded dump in ${join(folder, '..')}`,
    {
      hint: `It needs ${humanBytes(bytes)}; name a folder on a larger disk in TMPDIR.`,
    },
  );
}
