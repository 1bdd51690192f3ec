import type { Manifest } from '../contracts/manifest.ts';
import type { VerifyEvent } from '../contracts/verification.ts';
import { AppError } from '../core/errors.ts';
import type { Config } from '../platform/config.ts';
import { openArchive } from '../verify/open-archive.ts';
import type { OpenedArchive } from '../verify/opened-archive.ts';
import type { CopyOrder, CopyPorts, RestoreContext } from './restore-order.ts';
import { DECODED } from './run-progress.ts';

/** One of which it is known what it must hold. */
export type OpenedBackup = OpenedArchive & { readonly manifest: Manifest };

/** Fetches, checks and decodes the archive into `folder`. Throws `object_missing` where no manifest lies beside it. */
export async function openBackup(
  config: Config,
  { place, recorded }: Pick<CopyOrder, 'place' | 'recorded'>,
  folder: string,
  ports: Pick<CopyPorts, 'moved' | 'found' | 'say'>,
  ctx: RestoreContext,
): Promise<OpenedBackup> {
  const opened = await openArchive(
    config,
    { ...place, path: null },
    {
      folder,
      serverMajor: 0,
      ignoresManifest: false,
      say: (line) => {
        ports.say(line);
      },
      recorded,
      report: tellOpening(ports),
    },
    ctx,
  );
  const { manifest } = opened;
  if (manifest === null) {
    throw new AppError('object_missing', 'there is no manifest beside the archive', {
      hint: 'Without it nothing tells what the backup must hold: restore it with scripts/restore.sh, or choose another backup.',
    });
  }
  return { ...opened, manifest };
}

/** Makes what opening an archive tells into what a restore tells. */
export const tellOpening =
  (ports: Pick<CopyPorts, 'moved' | 'found'>) =>
  (event: VerifyEvent): void => {
    if (event.type === 'check') ports.found(event.check);
    if (event.type !== 'progress' || event.phase !== 'decoding') return;
    const part = event.totalBytes === undefined ? 0 : event.bytes / Math.max(1, event.totalBytes);
    ports.moved({
      phase: 'decoding',
      table: null,
      tablesDone: 0,
      tableCount: 0,
      fraction: DECODED * Math.min(1, part),
    });
  };
