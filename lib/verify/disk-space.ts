import { mkdir, statfs } from 'node:fs/promises';
import type { Manifest } from '../contracts/manifest.ts';
import { humanBytes } from '../core/bytes.ts';
import { AppError, toAppError } from '../core/errors.ts';
import type { VerifyRun } from './verify-run.ts';

/** Tables, indexes and write-ahead log of a restored copy, beside the dump itself: measured, with room to spare. */
const CLUSTER_PER_PLAIN = 1.5;
/** A dump that compresses itself says little of what it holds. */
const CLUSTER_PER_COMPRESSED = 10;
/** What an empty cluster takes. */
const CLUSTER_BYTES = 100 * 1024 * 1024;

/** Bytes under BACKUP_VERIFY_DIR for the decoded dump and for a cluster to restore it in. */
function needOf({ config }: VerifyRun, manifest: Manifest): number {
  const { source, plain, stages, facts } = manifest;
  if (source.kind !== 'postgres') return plain.bytes + (facts.files?.bytes ?? plain.bytes);
  // A server elsewhere keeps its copy on disks of its own.
  if (config.verify.server !== null || config.verify.mayUseSource) return plain.bytes;
  const isCompressed = stages.some(({ params }) => params['layer'] === 'dump');
  const sizes = facts.tables.map(({ bytes, kind }) => (kind === 'table' ? bytes : 0));
  const tables = sizes.every((bytes) => bytes !== null)
    ? 2 * sizes.reduce((sum, bytes) => sum + bytes, 0)
    : plain.bytes * (isCompressed ? CLUSTER_PER_COMPRESSED : CLUSTER_PER_PLAIN);
  return plain.bytes + tables + CLUSTER_BYTES;
}

/**
 * Whether a restore fits on the disk, asked before anything is started, and makes the folder for it. What opens the scratch
 * database asks again, for that alone; so only what is missing is reported here.
 */
export async function hasRoom(run: VerifyRun, manifest: Manifest): Promise<boolean> {
  const { config, folder, findings } = run;
  const check = findings.open('disk-space');
  const need = needOf(run, manifest);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const { bavail, bsize } = await statfs(folder);
    if (bavail * bsize >= need) return true;
    check.unknown(
      new AppError('storage_full', 'there is too little room to restore this backup', {
        hint: 'Make room under BACKUP_VERIFY_DIR, or name a folder on a larger disk there.',
        fields: { folder: config.verify.dir },
      }),
      { expected: `${humanBytes(need)} free`, found: `${humanBytes(bavail * bsize)} free` },
    );
  } catch (thrown) {
    const because = toAppError(thrown);
    check.unknown(
      new AppError('config', 'the folder for verifications cannot be used', {
        hint: 'BACKUP_VERIFY_DIR must name a folder that the user of this process may write to.',
        fields: { folder: config.verify.dir },
        cause: because.cause ?? because,
      }),
    );
  }
  return false;
}
