import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Check } from '../contracts/verification.ts';
import { humanBytes } from '../core/bytes.ts';
import type { Config } from '../platform/config.ts';
import { openPathCopy } from '../sources/registry.ts';
import { openPathArchive } from '../verify/open-archive.ts';
import { tellOpening } from './open-backup.ts';
import { entriesOf } from './path-entries.ts';
import { freePath } from './path-names.ts';
import type { CopyOrder, CopyPorts, RestoreContext } from './restore-order.ts';
import { unprovenOf, type RestoredCopy } from './run-copy.ts';
import { COMPARED, DECODED, RESTORED } from './run-progress.ts';

/**
 * Restores a backup of files, SQLite or Redis beside its target, `<target>_restore_<timestamp>`, and holds every fact against it. Throws what
 * stopped it; what it made then is for the caller to remove, by the path that was noted.
 */
export async function makePathCopy(
  config: Config,
  order: CopyOrder,
  ports: CopyPorts,
  ctx: RestoreContext,
): Promise<RestoredCopy> {
  const folder = join(config.verify.dir, `restore-${order.id}`);
  const still = { table: null, tablesDone: 0, tableCount: 0 };
  try {
    ports.moved({ phase: 'decoding', fraction: 0, ...still });
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const { file, manifest, kind } = await openPathArchive(
      config,
      { ...order.place, path: null },
      {
        folder,
        recorded: order.recorded,
        report: tellOpening(ports),
        say: (line) => {
          ports.say(line);
        },
      },
      ctx,
    );
    ports.say(`decoded: ${humanBytes(manifest.plain.bytes)}`);
    const at = await freePath(order.plan.targetDatabase, 'restore', kind, ctx.clock);
    await ports.noteCopy(at);
    const copy = openPathCopy(config, kind);
    const checks: Check[] = [];
    const told = {
      ...ctx,
      report: (check: Check): void => {
        checks.push(check);
        ports.found(check);
      },
      say: (line: string): void => {
        ports.say(line);
      },
    };
    // A name and one below it would be asked of tar twice.
    const paths = order.plan.paths === undefined ? null : entriesOf(order.plan, manifest);
    const scope = { paths, dump: file };
    ports.moved({ phase: 'restoring', fraction: DECODED, ...still });
    const startedAt = ctx.clock.now().getTime();
    await copy.fill(told, file, at, scope);
    const restoreMs = Math.round(ctx.clock.now().getTime() - startedAt);
    ports.say(`restored to ${at} in ${String(Math.round(restoreMs / 100) / 10)} s`);
    ports.moved({ phase: 'comparing', fraction: RESTORED, ...still });
    await copy.compare(told, at, manifest, scope);
    ports.moved({ phase: 'finishing', fraction: COMPARED, ...still });
    const unproven = unprovenOf(checks);
    return { database: at, restoreMs, isProven: unproven.length === 0, unproven };
  } finally {
    await rm(folder, { recursive: true, force: true }).catch((error: unknown) => {
      ctx.log.warn('could not remove what a restore left', { folder, error });
    });
  }
}
