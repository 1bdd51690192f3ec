import type postgres from 'postgres';
import { quoteName } from './quote-name.ts';

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** Settings whose value is a list of names, each quoted by itself; every other value is one string. */
const NAME_LISTS: ReadonlySet<string> = new Set([
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
]);

/** `"$user", public` as the server keeps it, one name each. */
function namesOf(list: string): readonly string[] {
  const names = list.match(/"(?:[^"]|"")*"|[^,\s"]+/g) ?? [];
  return names.map((name) => (name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name));
}

/** What stands behind `SET` for `name=value` as the server keeps it. */
function settingClause(setting: string): string {
  const at = setting.indexOf('=');
  const [name, value] = [setting.slice(0, at), setting.slice(at + 1)];
  const values = NAME_LISTS.has(name.toLowerCase()) ? namesOf(value).map(literal) : [literal(value)];
  return `set ${quoteName(name)} to ${values.length === 0 ? "''" : values.join(', ')}`;
}

interface Properties {
  readonly owner: string;
  readonly connectionLimit: number;
  readonly comment: string | null;
  readonly settings: readonly { readonly role: string | null; readonly setting: string }[];
  /** Null: nobody granted or revoked anything. */
  readonly grants:
    | readonly {
        readonly grantee: string | null;
        readonly privilege: string;
        readonly isGrantable: boolean;
      }[]
    | null;
}

async function readProperties(sql: postgres.Sql, database: string): Promise<Properties> {
  const [row] = await sql<Properties[]>`
    select pg_get_userbyid(d.datdba) as owner, d.datconnlimit as "connectionLimit",
      shobj_description(d.oid, 'pg_database') as comment,
      array_to_json(array(
        select json_build_object('role', case when s.setrole <> 0 then pg_get_userbyid(s.setrole) end, 'setting', setting)
        from pg_db_role_setting s, unnest(s.setconfig) setting where s.setdatabase = d.oid)) as settings,
      case when d.datacl is not null then array_to_json(array(
        select json_build_object('grantee', case when acl.grantee <> 0 then pg_get_userbyid(acl.grantee) end,
          'privilege', acl.privilege_type, 'isGrantable', acl.is_grantable)
        from aclexplode(d.datacl) acl)) end as grants
    from pg_database d where d.datname = ${database}`;
  if (row === undefined) throw new Error(`there is no database ${database}`);
  return row;
}

/** `comment on database …`. */
export const commentClause = (comment: string | null): string =>
  comment === null ? 'null' : literal(comment);

/**
 * Gives `to` the owner, grants, settings and connection limit of `from`; all of it or nothing. Returns the comment of `from`, for the
 * one on `to` says whose copy it is, until it is one no more.
 */
export async function carryProperties(sql: postgres.Sql, from: string, to: string): Promise<string | null> {
  const { owner, connectionLimit, comment, settings, grants } = await readProperties(sql, from);
  const name = quoteName(to);
  await sql.begin(async (tx) => {
    await tx.unsafe(`alter database ${name} owner to ${quoteName(owner)}`);
    await tx.unsafe(`alter database ${name} with connection limit ${String(connectionLimit)}`);
    await tx.unsafe(`alter database ${name} reset all`);
    for (const { role, setting } of settings) {
      await tx.unsafe(
        role === null
          ? `alter database ${name} ${settingClause(setting)}`
          : `alter role ${quoteName(role)} in database ${name} ${settingClause(setting)}`,
      );
    }
    if (grants === null) return;
    await tx.unsafe(`revoke all on database ${name} from public, ${quoteName(owner)}`);
    for (const { grantee, privilege, isGrantable } of grants) {
      const who = grantee === null ? 'public' : quoteName(grantee);
      await tx.unsafe(
        `grant ${privilege} on database ${name} to ${who}${isGrantable ? ' with grant option' : ''}`,
      );
    }
  });
  return comment;
}
