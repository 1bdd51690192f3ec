import type postgres from 'postgres';
import { AppError } from '../../core/errors.ts';
import type { Config } from '../../platform/config.ts';
import type { Exchange, SourceContext } from '../source.ts';
import { isPostgresError, uncut, withMaintenance } from './maintenance.ts';
import { quoteName } from './quote-name.ts';
import { withConnection } from './scratch-database.ts';
import { readHolds } from './target-look.ts';
import { MAY_END_SQL, needNoStrangers } from './target-strangers.ts';
import { carryProperties, commentClause } from './target-properties.ts';

/** Somebody who does not go within this would keep everybody else out for longer than a swap may take. */
const DRAIN_MS = 30_000;
const LOOK_EVERY_MS = 50;
const PROBE_EVERY_MS = 10;

const allow = (database: string, isAllowed: boolean): string =>
  `alter database ${quoteName(database)} with allow_connections ${String(isAllowed)}`;

const rename = (from: string, to: string): string =>
  `alter database ${quoteName(from)} rename to ${quoteName(to)}`;

/** Lets connections in where the databases are there. */
export async function reopenDatabases(sql: postgres.Sql, databases: readonly string[]): Promise<void> {
  const rows = await sql<{ name: string }[]>`
    select datname as name from pg_database where datname in ${sql([...databases])} and not datallowconn`;
  for (const { name } of rows) await sql.unsafe(allow(name, true));
}

/** Sends everybody away, and throws `timeout` where somebody does not go. New ones must be kept out before. */
async function drain(sql: postgres.Sql, ctx: SourceContext, databases: readonly string[]): Promise<void> {
  const giveUpAt = ctx.clock.now().getTime() + DRAIN_MS;
  for (;;) {
    const left = await sql<{ pid: number; name: string }[]>`
      select a.pid, coalesce(nullif(a.application_name, ''), a.usename, a.backend_type) as name,
        case when ${sql.unsafe(MAY_END_SQL)} then pg_terminate_backend(a.pid) end as is_told
      from pg_stat_activity a left join pg_roles r on r.oid = a.usesysid
      where a.datname in ${sql([...databases])} and a.pid <> pg_backend_pid() and a.usesysid is not null`;
    if (left.length === 0) return;
    if (ctx.clock.now().getTime() >= giveUpAt) {
      const who = left.map(({ pid, name }) => `${name} (process ${String(pid)})`).join(', ');
      throw new AppError('timeout', `these clients did not leave the database: ${who}`, {
        hint: 'Stop the application, or end these processes on the server, and try again; the live database is as before.',
      });
    }
    await ctx.clock.sleep(LOOK_EVERY_MS, ctx.signal);
  }
}

/** Does `act` once nobody is connected to `databases` any more; where it throws, connections are let in again. */
async function withNobody<T>(
  sql: postgres.Sql,
  ctx: SourceContext,
  databases: readonly string[],
  act: () => Promise<T>,
): Promise<T> {
  try {
    for (const database of databases) await sql.unsafe(allow(database, false));
    for (let attempt = 0; ; attempt += 1) {
      await drain(sql, ctx, databases);
      try {
        return await act();
      } catch (error) {
        // One that was on its way in when the door was closed shows itself only now.
        if (!isPostgresError(error, '55006') || attempt >= 3) throw error;
      }
    }
  } catch (error) {
    await reopenDatabases(sql, databases);
    throw error;
  }
}

export async function renameDatabase(
  sql: postgres.Sql,
  ctx: SourceContext,
  from: string,
  to: string,
): Promise<void> {
  await withNobody(sql, ctx, [from], () =>
    sql.begin(async (tx) => {
      await tx.unsafe(rename(from, to));
      await tx.unsafe(allow(to, true));
    }),
  );
}

/** See RestoreServer.exchange. */
export async function exchangeDatabases(
  config: Config,
  ctx: SourceContext,
  { live, next, kept, carriesProperties }: Exchange,
): Promise<{ readonly interruptionMs: number }> {
  return withMaintenance(config, uncut(ctx), [live, next, kept], async (sql) => {
    const holds = await readHolds(sql, live);
    if (holds.length > 0) {
      throw new AppError('conflict', `${live} cannot be exchanged: it has a ${holds.join(', a ')}`, {
        hint: 'End or drop these first, and try again; the live database is as before.',
      });
    }
    await needNoStrangers(sql, ctx, [live, next]);
    const comment = carriesProperties ? await carryProperties(sql, live, next) : undefined;
    const closedAt = ctx.clock.now().getTime();
    await withNobody(sql, ctx, [live, next], () =>
      sql.begin(async (tx) => {
        await tx.unsafe(rename(live, kept));
        await tx.unsafe(rename(next, live));
        if (comment !== undefined)
          await tx.unsafe(`comment on database ${quoteName(live)} is ${commentClause(comment)}`);
        await tx.unsafe(allow(live, true));
        await tx.unsafe(allow(kept, true));
      }),
    );
    // From here on it is done, whatever else happens.
    await untilLetIn(config, ctx, live);
    return { interruptionMs: ctx.clock.now().getTime() - closedAt };
  });
}

/** Connects anew and anew, as the clients of the application do, until it is let in. */
async function untilLetIn({ source }: Config, { clock }: SourceContext, database: string): Promise<void> {
  const giveUpAt = clock.now().getTime() + DRAIN_MS;
  while (clock.now().getTime() < giveUpAt) {
    try {
      await withConnection({ ...source, database }, (sql) => sql`select 1`);
      return;
    } catch {
      await clock.sleep(PROBE_EVERY_MS);
    }
  }
}
