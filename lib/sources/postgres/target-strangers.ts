import type postgres from 'postgres';
import { AppError } from '../../core/errors.ts';
import type { SourceContext } from '../source.ts';

/** The application may be on its way out. */
const LEAVE_MS = 5_000;
const LOOK_EVERY_MS = 200;

export interface Stranger {
  readonly role: string;
  readonly pid: number;
  readonly name: string;
}

/**
 * Whether this user may end the backend of the role `r`: what pg_terminate_backend asks, which otherwise throws. Autovacuum has no
 * role, and goes by itself before a database is given another name.
 */
export const MAY_END_SQL = `((select rolsuper from pg_catalog.pg_roles where rolname = current_user)
  or not r.rolsuper and (pg_has_role(current_user, r.oid, 'usage') or pg_has_role(current_user, 'pg_signal_backend', 'usage')))`;

/** Clients of these databases whom this user may not send away. */
export async function readStrangers(
  sql: postgres.Sql,
  databases: readonly string[],
): Promise<readonly Stranger[]> {
  return sql.unsafe<Stranger[]>(
    `select r.rolname::text as role, a.pid, coalesce(nullif(a.application_name, ''), r.rolname::text) as name
     from pg_catalog.pg_stat_activity a join pg_catalog.pg_roles r on r.oid = a.usesysid
     where a.datname = any (array(select jsonb_array_elements_text($1::text::jsonb))) and a.pid <> pg_backend_pid() and not ${MAY_END_SQL}
     order by r.rolname, a.pid`,
    [JSON.stringify(databases)],
  );
}

/** Throws `source_auth` where somebody stays whom this user may not send away: nobody else need be kept out for that. */
export async function needNoStrangers(
  sql: postgres.Sql,
  ctx: SourceContext,
  databases: readonly string[],
): Promise<void> {
  for (let waitedMs = 0; ; waitedMs += LOOK_EVERY_MS) {
    const strangers = await readStrangers(sql, databases);
    if (strangers.length === 0) return;
    if (waitedMs >= LEAVE_MS) {
      const who = strangers.map(({ name, pid, role }) => `${name} of ${role} (process ${String(pid)})`);
      throw new AppError(
        'source_auth',
        `the configured user may not disconnect these clients: ${who.join(', ')}`,
        {
          hint: 'Stop them, or let it disconnect all but superusers ("grant pg_signal_backend to …"), and try again; the live database is as before.',
        },
      );
    }
    await ctx.clock.sleep(LOOK_EVERY_MS, ctx.signal);
  }
}
