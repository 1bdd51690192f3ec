import type { TableFact } from '../contracts/facts.ts';
import type { RestoreServer } from '../sources/source.ts';
import type { OpenedBackup } from './open-backup.ts';
import type { CopyPorts, RestoreContext } from './restore-order.ts';
import { createRestoreMeter } from './run-progress.ts';

export interface MeteredRun {
  readonly database: string;
  readonly opened: OpenedBackup;
  readonly args: readonly string[];
  /** Those that it brings. */
  readonly tables: readonly TableFact[];
  /** What `pg_restore --list` prints of what it does. */
  readonly list: string;
  /** Where in the whole restore it begins and ends, 0 to 1. */
  readonly from: number;
  readonly to: number;
}

/** Runs pg_restore into a copy and tells how far it has come. Returns the milliseconds it took. */
export async function runMetered(
  server: RestoreServer,
  { database, opened, args, tables, list, from, to }: MeteredRun,
  ports: Pick<CopyPorts, 'moved' | 'say'>,
  ctx: RestoreContext,
): Promise<number> {
  const meter = createRestoreMeter(tables, list);
  const tell = (): void => {
    const { table, tablesDone, tableCount, fraction } = meter;
    ports.moved({
      phase: 'restoring',
      table,
      tablesDone,
      tableCount,
      fraction: from + (to - from) * fraction,
    });
  };
  tell();
  const startedAt = ctx.clock.now().getTime();
  await server.restore(ctx, { database, program: opened.pgRestore, args, file: opened.file }, (line) => {
    meter.tell(line);
    tell();
  });
  const restoreMs = Math.round(ctx.clock.now().getTime() - startedAt);
  ports.say(`restored in ${String(Math.round(restoreMs / 100) / 10)} s`);
  return restoreMs;
}
