import { readdir, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { Config, PostgresConfig } from '../../platform/config.ts';
import { identityOf, isPostgresOn } from '../../tools/process-identity.ts';
import type { SourceContext } from '../source.ts';
import { MARK, TEMPORARY_PREFIX } from './ephemeral-cluster.ts';
import { dropScratchDatabase, withConnection } from './scratch-database.ts';
import { isScratchName, scratchOwner } from './scratch-name.ts';

const Mark = z.object({
  id: z.uuid(),
  /** The verifying process: while it lives the cluster is its own, whatever catalogue knows of it. */
  owner: z.object({ pid: z.number().int(), identity: z.string().nullable() }),
});

const exists = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** Stops the server that lives on in this folder, if one does. */
async function stopServer(ctx: SourceContext, folder: string): Promise<void> {
  const data = await realpath(join(folder, 'data')).catch(() => null);
  if (data === null) return;
  const text = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number(text.split('\n')[0]);
  if (!Number.isInteger(pid) || pid <= 1) return;
  for (const [signal, withinMs] of [
    ['SIGINT', 5_000],
    ['SIGQUIT', 5_000],
    ['SIGKILL', 5_000],
  ] as const) {
    if (!isPostgresOn(pid, data)) return;
    process.kill(pid, signal);
    for (let waitedMs = 0; waitedMs < withinMs && exists(pid); waitedMs += 50) await ctx.clock.sleep(50);
  }
}

/** The folder's verification, where it is a cluster of ours whose process has gone. */
async function orphanIn(folder: string): Promise<string | null> {
  try {
    const { id, owner } = Mark.parse(JSON.parse(await readFile(join(folder, MARK), 'utf8')));
    return owner.identity !== null && identityOf(owner.pid) === owner.identity ? null : id;
  } catch {
    return null;
  }
}

const namesIn = async (folder: string): Promise<string[]> => readdir(folder).catch(() => []);

async function sweepClusters(
  config: Config,
  ctx: SourceContext,
  isHeld: (id: string) => boolean,
): Promise<number> {
  const { dir } = config.verify;
  const folders = [
    ...(await namesIn(dir)).map((name) => join(dir, name, 'cluster')),
    ...(await namesIn(tmpdir()))
      .filter((name) => name.startsWith(TEMPORARY_PREFIX))
      .map((name) => join(tmpdir(), name)),
  ];
  let swept = 0;
  for (const folder of folders) {
    const id = await orphanIn(folder);
    if (id === null || isHeld(id)) continue;
    try {
      await stopServer(ctx, folder);
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
      swept += 1;
    } catch (error) {
      ctx.log.warn('a cluster of an earlier verification could not be removed', { folder, error });
    }
  }
  return swept;
}

async function sweepDatabases(
  address: PostgresConfig,
  ctx: SourceContext,
  isHeld: (id: string) => boolean,
): Promise<number> {
  try {
    return await withConnection(address, async (sql) => {
      const rows = await sql<{ name: string; comment: string }[]>`
        select datname as name, shobj_description(oid, 'pg_database') as comment from pg_database
        where shobj_description(oid, 'pg_database') is not null
          -- Somebody works in it: backup-verify.sh, or another installation that shares this server.
          and not exists (select 1 from pg_stat_activity where datid = pg_database.oid)`;
      let swept = 0;
      for (const { name, comment } of rows) {
        const id = scratchOwner(comment);
        if (id === null || !isScratchName(name) || isHeld(id)) continue;
        await dropScratchDatabase(sql, name);
        swept += 1;
      }
      return swept;
    });
  } catch (error) {
    ctx.signal.throwIfAborted();
    ctx.log.warn('scratch databases of earlier verifications could not be looked for', { error });
    return 0;
  }
}

/** See Source.sweepScratch. */
export async function sweepScratch(
  config: Config,
  ctx: SourceContext,
  isHeld: (id: string) => boolean,
): Promise<number> {
  const { verify, source } = config;
  const servers = [
    ...(verify.server === null ? [] : [verify.server]),
    ...(verify.mayUseSource ? [source] : []),
  ];
  let swept = await sweepClusters(config, ctx, isHeld);
  for (const server of servers) swept += await sweepDatabases(server, ctx, isHeld);
  return swept;
}
