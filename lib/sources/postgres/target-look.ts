import { access, constants, statfs } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import type postgres from 'postgres';
import type { Config } from '../../platform/config.ts';
import type { ServerLook, SourceContext } from '../source.ts';
import { createLiveTarget } from './live-target.ts';
import { withMaintenance } from './maintenance.ts';
import { readStrangers } from './target-strangers.ts';

/** What a preview asks the server; changes nothing. */
export async function lookAtServer(
  config: Config,
  ctx: SourceContext,
  database: string,
): Promise<ServerLook> {
  const state = await createLiveTarget(config, database).look(ctx);
  const more = await withMaintenance(config, ctx, [], async (sql) => {
    const [rights] = await sql<{ mayCreate: boolean; mayRename: boolean }[]>`
      select rolcreatedb or rolsuper as "mayCreate",
        rolsuper or rolcreatedb and not exists (
          select from pg_database where datname = ${database} and not pg_has_role(current_user, datdba, 'usage')) as "mayRename"
      from pg_roles where rolname = current_user`;
    const extensions = await sql<{ name: string }[]>`select name from pg_available_extensions`;
    return {
      mayCreateDatabases: rights?.mayCreate ?? false,
      mayExchange: rights?.mayRename ?? false,
      extensions: extensions.map(({ name }) => name),
      holds: await readHolds(sql, database),
      strangers: [...new Set((await readStrangers(sql, [database])).map(({ role }) => role))],
      freeBytes: await readFreeBytes(sql),
    };
  });
  return { ...state, ...more };
}

/** What forbids to give a database another name, or would be lost by it; in words. */
export async function readHolds(sql: postgres.Sql, database: string): Promise<readonly string[]> {
  const [row] = await sql<{ prepared: string[]; slots: string[]; subscriptions: string[] | null }[]>`
    select array_to_json(array(select gid from pg_prepared_xacts where database = ${database} order by gid)) as prepared,
      array_to_json(array(select slot_name::text from pg_replication_slots where database = ${database} order by 1)) as slots,
      (select array_to_json(array_agg(s.subname::text)) from pg_subscription s
        join pg_database d on d.oid = s.subdbid where d.datname = ${database}) as subscriptions`;
  const named = (what: string, names: readonly string[]): readonly string[] =>
    names.map((name) => `${what} ${name}`);
  return [
    ...named('prepared transaction', row?.prepared ?? []),
    ...named('logical replication slot', row?.slots ?? []),
    ...named('subscription', row?.subscriptions ?? []),
  ];
}

/** Of the disk with the server's files, where that is a disk of this machine. */
async function readFreeBytes(sql: postgres.Sql): Promise<number | null> {
  try {
    const [row] = await sql<{ folder: string; address: string | null }[]>`
      select current_setting('data_directory') as folder, host(inet_server_addr()) as address`;
    if (row === undefined) return null;
    const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    // A container that is reached through a port of this machine has an address of its own.
    if (row.address !== null && !own.some(({ address }) => address === row.address)) return null;
    await access(row.folder, constants.F_OK);
    const { bavail, bsize } = await statfs(row.folder);
    return bavail * bsize;
  } catch {
    return null;
  }
}
