import type { Manifest } from '../contracts/manifest.ts';
import type { ScratchPlace } from '../contracts/verification.ts';
import { toAppError } from '../core/errors.ts';
import type { ScratchContext } from '../sources/source.ts';
import type { VerifyRun } from './verify-run.ts';

export interface Restored {
  readonly restoreMs: number | null;
  readonly place: ScratchPlace | null;
}

/** Restores the decoded dump into a scratch database, and holds every fact against the copy. */
export async function checkRestore(run: VerifyRun, manifest: Manifest, file: string): Promise<Restored> {
  const { config, order, findings, progress, folder, ctx } = run;
  const scratchContext: ScratchContext = {
    signal: ctx.signal,
    log: ctx.log,
    clock: ctx.clock,
    report: (check, error) => {
      findings.add(check, error ?? null);
    },
    say: (line) => {
      run.say(line);
    },
  };
  progress.enter('restoring');
  let restored: Restored = { restoreMs: null, place: null };
  // Loaded here: the other depths would wait for code that they do not need.
  const { openScratch } = await import('../sources/registry.ts');
  const scratch = await openScratch(config, scratchContext, { id: order.id, folder, manifest });
  if (scratch === null) return restored;
  try {
    restored = { restoreMs: null, place: scratch.place };
    run.say(
      manifest.source.kind === 'postgres'
        ? `restoring into ${scratch.database} (${scratch.place}, PostgreSQL ${scratch.productVersion})`
        : `restoring ${scratch.database} into a folder of its own`,
    );
    const result = await scratch.restore(scratchContext, file);
    ctx.signal.throwIfAborted();
    if (result === null) return restored;
    restored = { ...restored, restoreMs: Math.round(result.restoreMs) };
    progress.enter('comparing');
    await scratch.compare(scratchContext, order.policy);
    ctx.signal.throwIfAborted();
    return restored;
  } finally {
    try {
      await scratch[Symbol.asyncDispose]();
    } catch (thrown) {
      // What was found stays true; the sweep takes what is left.
      ctx.log.warn('could not remove a scratch database', { error: toAppError(thrown) });
      run.say('the scratch database could not be removed; the next start of a worker sweeps it');
    }
  }
}
