import { mkdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { manifestNameOf, type Manifest } from '../contracts/manifest.ts';
import { DEFAULT_VERIFICATION_POLICY } from '../contracts/verification.ts';
import { humanBytes } from '../core/bytes.ts';
import { AppError } from '../core/errors.ts';
import type { Config } from '../platform/config.ts';
import { isObjectKey } from '../storage/object-key.ts';
import { loadStorage } from '../storage/load-storage.ts';
import type { Storage } from '../storage/storage.ts';
import { checkObject } from './check-bytes.ts';
import { decodeToFile } from './decode-archive.ts';
import { findDecoding } from './decoding.ts';
import { createFindings } from './findings.ts';
import { openForeignArchive } from './foreign-archive.ts';
import type {
  ArchivePlace,
  OpenedArchive,
  OpenedPathArchive,
  OpenedPlain,
  OpenOptions,
} from './opened-archive.ts';
import { readManifest } from './read-manifest.ts';
import { createVerifyProgress } from './verify-progress.ts';
import type { VerifyContext } from './verify-run.ts';

/**
 * Checks an archive as `verifyArchive` does before it restores one, and leaves it decoded. Throws what it found to be wrong, and
 * what kept it from finding out.
 */
export async function openArchive(
  config: Config,
  place: ArchivePlace,
  options: OpenOptions,
  ctx: VerifyContext,
): Promise<OpenedArchive> {
  const storage = await loadStorage(config, place.destination);
  try {
    const hasManifest =
      !options.ignoresManifest &&
      isObjectKey(place.key) &&
      (await storage.stat(ctx, manifestNameOf(place.key))) !== null;
    if (!hasManifest) return await openForeignArchive(config, storage, place, options, ctx);
    const { pgRestore, ...opened } = await openWithManifest(config, storage, place, options, ctx);
    if (pgRestore === null) {
      throw new AppError(
        'invalid',
        `the archive is not of a database but of ${opened.manifest.source.kind}`,
        {
          hint: 'It is restored to a path: choose one in the console, or unpack it with stock tools (docs/format.md).',
        },
      );
    }
    return { ...opened, pgRestore };
  } finally {
    await storage.close();
  }
}

/** As `openArchive`, of a backup that becomes a path again. Throws `invalid` for one of a database, `object_missing` without a manifest. */
export async function openPathArchive(
  config: Config,
  place: ArchivePlace,
  options: Omit<OpenOptions, 'serverMajor' | 'ignoresManifest'>,
  ctx: VerifyContext,
): Promise<OpenedPathArchive> {
  const storage = await loadStorage(config, place.destination);
  try {
    const { file, storedBytes, manifest } = await openWithManifest(config, storage, place, options, ctx);
    const { kind } = manifest.source;
    if (kind === 'postgres') {
      throw new AppError('invalid', 'the archive is of a database, which is restored into a database', {
        hint: 'Restore it in the console, or with scripts/restore.sh.',
      });
    }
    return { file, storedBytes, manifest, kind };
  } finally {
    await storage.close();
  }
}

async function openWithManifest(
  config: Config,
  storage: Storage,
  { destination, key }: ArchivePlace,
  {
    folder,
    say,
    recorded = null,
    report = () => undefined,
  }: Pick<OpenOptions, 'folder' | 'say' | 'recorded' | 'report'>,
  ctx: VerifyContext,
): Promise<OpenedPlain & { readonly pgRestore: string | null; readonly manifest: Manifest }> {
  const findings = createFindings(report, ctx);
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
    recorded,
  } as const;
  using progress = createVerifyProgress(report);
  const run = { config, order, storage, findings, progress, folder, ctx, say };
  const manifest = await readManifest(storage, order, findings, ctx);
  throwFound();
  await checkObject(run, manifest);
  throwFound();
  if (manifest === null) throw new AppError('integrity', 'the manifest could not be read');
  const decoding = await findDecoding(config, manifest, ctx);
  await needRoom(folder, manifest.plain.bytes);
  const file = await decodeToFile(run, manifest, decoding, { isRead: false });
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
