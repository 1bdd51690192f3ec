import { access, constants, statfs } from 'node:fs/promises';
import { humanBytes } from '../core/bytes.ts';
import { AppError } from '../core/errors.ts';
import { isSameBytes } from '../pipeline/byte-count.ts';
import { findDecoders } from '../pipeline/decode-stage.ts';
import type { Config } from '../platform/config.ts';
import type { ServerIdentity } from '../sources/recovery-server.ts';
import type { Storage } from '../storage/storage.ts';
import { findGnuTar } from '../tools/find-gnu-tar.ts';
import type { ToolCommand } from '../tools/spawn-tool.ts';
import { startChain } from '../tools/start-chain.ts';
import { decodeFailure } from '../verify/decode-failure.ts';
import { readInto } from '../verify/read-object.ts';
import type { VerifyContext } from '../verify/verify-run.ts';
import type { BaseArchive } from './base-archives.ts';

/** A recovered server keeps a few segments, and begins one of its own. */
const SPARE_SEGMENTS = 4;

/** Throws `storage_full` where the unpacked server does not fit; `folder` is there. Returns the free bytes. */
export async function needRoomFor({ manifest }: BaseArchive, folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const need = manifest.plain.bytes + SPARE_SEGMENTS * manifest.wal.segmentBytes;
  if (free >= need) return free;
  throw new AppError(
    'storage_full',
    `there is too little room for the server in ${folder}: ${humanBytes(need)} are needed, ${humanBytes(free)} are free`,
    { hint: 'Make room there, or name a folder on a larger disk with --into.' },
  );
}

/** What undoes the stages of the archive. Throws `wrong_key` where its key is not at hand, and `tool_missing`. */
export async function findUnpackers(
  config: Config,
  { manifest }: BaseArchive,
  ctx: VerifyContext,
): Promise<readonly ToolCommand[]> {
  const file = config.ageIdentityFile;
  if (manifest.encryption !== null) {
    const isReadable =
      file !== null &&
      (await access(file, constants.R_OK).then(
        () => true,
        () => false,
      ));
    if (!isReadable) {
      throw new AppError(
        'wrong_key',
        'the base archive is encrypted, and there is no private key that can be read',
        {
          hint: 'Name the file with the private key with --identity, or in BACKUP_AGE_IDENTITY_FILE.',
        },
      );
    }
  }
  return findDecoders(config, manifest.stages, file, ctx);
}

/**
 * Unpacks the archive into an empty folder and hashes what it reads, in one go. Throws `integrity` unless each byte is what was
 * written; what then lies in the folder must not be used.
 */
export async function unpackBase(
  config: Config,
  storage: Storage,
  { key, manifest }: BaseArchive,
  into: { readonly folder: string; readonly identity: ServerIdentity | null },
  onBytes: (bytes: number) => void,
  ctx: VerifyContext,
): Promise<void> {
  const tar: ToolCommand = {
    file: (await findGnuTar(config, ctx)).file,
    args: [
      '--extract',
      '--file=-',
      '--preserve-permissions',
      '--no-same-owner',
      `--directory=${into.folder}`,
    ],
    cwd: '/',
    ...(into.identity === null ? {} : { identity: into.identity }),
  };
  const [first, ...others] = [...(await findUnpackers(config, { key, manifest }, ctx)), tar];
  const body = await storage.get(ctx, key);
  const chain = startChain(ctx, [first, ...others], 'ignore');
  try {
    const found = await readInto(body, chain.input, ctx.signal, onBytes);
    const failure = decodeFailure(await chain.links);
    ctx.signal.throwIfAborted();
    if (!isSameBytes(found, manifest.stored)) {
      throw new AppError('integrity', `${manifest.archive} is not what was written`, {
        hint: 'Do not count on this base archive: use another copy or an older one, and find out what changed it.',
        fields: { expectedSha256: manifest.stored.sha256, foundSha256: found.sha256 },
      });
    }
    if (failure?.error.code === 'storage_full') {
      throw new AppError('storage_full', `the disk of ${into.folder} is full`, {
        hint: 'Make room there, or name a folder on a larger disk with --into.',
      });
    }
    if (failure !== null) throw failure.error;
  } finally {
    chain.stop();
    await chain.links;
  }
}
