import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { humanBytes } from '../core/bytes.ts';
import { AppError, toAppError } from '../core/errors.ts';
import type { Check } from '../contracts/verification.ts';
import type { PathCopy, Scratch, ScratchContext, ScratchNeed } from './source.ts';

const checked = (check: Pick<Check, 'name' | 'verdict'> & Partial<Check>): Check => ({
  isRequired: true,
  expected: null,
  found: null,
  reason: null,
  durationMs: 0,
  ...check,
});

const EVERYTHING = { paths: null };

/** A place in the verification's own folder, and gone with it. Null, and a check that says why, where there is too little room. */
export async function openPathScratch(
  copy: PathCopy,
  ctx: ScratchContext,
  { folder, manifest }: ScratchNeed,
): Promise<Scratch | null> {
  const at = join(folder, 'copy');
  const wantedBytes = manifest.facts.files?.bytes ?? manifest.plain.bytes;
  const { bavail, bsize } = await statfs(folder);
  const room = {
    name: 'disk-space',
    expected: `${humanBytes(wantedBytes)} free`,
    found: `${humanBytes(bavail * bsize)} free`,
  };
  if (bavail * bsize < wantedBytes) {
    const error = new AppError('storage_full', 'there is too little room for a restored copy', {
      hint: 'Make room under BACKUP_VERIFY_DIR, or name a folder on a larger disk there.',
    });
    ctx.report(checked({ ...room, verdict: 'UNKNOWN', reason: error.message }), error);
    return null;
  }
  ctx.report(checked({ ...room, verdict: 'PASSED' }));
  return {
    place: 'folder',
    productVersion: manifest.source.productVersion,
    database: manifest.source.database,
    restore: async (scratchContext, file) => {
      const startedAt = scratchContext.clock.now().getTime();
      const took = (): number => scratchContext.clock.now().getTime() - startedAt;
      try {
        await copy.fill(scratchContext, file, at, EVERYTHING);
      } catch (thrown) {
        scratchContext.signal.throwIfAborted();
        const error = toAppError(thrown);
        const verdict = error.code === 'restore_failed' ? 'FAILED' : 'UNKNOWN';
        scratchContext.report(
          checked({ name: 'restore', verdict, reason: error.message, durationMs: took() }),
          error,
        );
        return null;
      }
      scratchContext.report(checked({ name: 'restore', verdict: 'PASSED', durationMs: took() }));
      return { restoreMs: took() };
    },
    compare: (scratchContext) => copy.compare(scratchContext, at, manifest, EVERYTHING),
    // The folder goes with the verification.
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
