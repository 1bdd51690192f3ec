import { createHash } from 'node:crypto';
import type { DatabaseFact } from '../../contracts/facts.ts';
import type { FactSession } from './fact-session.ts';

interface DatabaseRow extends Omit<DatabaseFact, 'settings' | 'commentPrint'> {
  readonly settings: readonly { readonly role: string | null; readonly setting: string }[];
  readonly comment: string | null;
  readonly roles: readonly string[];
}

/** Columns that came and went with versions are read from the row as a document. */
const DATABASE_SQL = `
  select pg_get_userbyid(d.datdba) as owner, pg_encoding_to_char(d.encoding) as encoding, d.datcollate as collate,
    d.datctype as ctype,
    case coalesce(to_jsonb(d)->>'datlocprovider', 'c') when 'i' then 'icu' when 'b' then 'builtin' else 'libc' end as "localeProvider",
    coalesce(to_jsonb(d)->>'datlocale', to_jsonb(d)->>'daticulocale') as locale,
    d.datconnlimit as "connectionLimit",
    array_to_json(array(
      select json_build_object('role', case when s.setrole <> 0 then pg_get_userbyid(s.setrole) end, 'setting', setting)
      from pg_db_role_setting s, unnest(s.setconfig) setting where s.setdatabase = d.oid)) as settings,
    case when d.datacl is not null then array_to_json(array(select item::text from unnest(d.datacl) item order by item::text collate "C")) end as grants,
    shobj_description(d.oid, 'pg_database') as comment,
    array_to_json(array(
      select pg_get_userbyid(d.datdba) union
      select pg_get_userbyid(acl.grantee) from aclexplode(d.datacl) acl where acl.grantee <> 0 union
      select pg_get_userbyid(s.setrole) from pg_db_role_setting s where s.setdatabase = d.oid and s.setrole <> 0)) as roles
  from pg_database d where d.datname = current_database()`;

export const printOf = (definition: string): string =>
  createHash('sha256').update(definition).digest('hex').slice(0, 32);

/** A setting of somebody's own, which has a dot in its name, may be a key of the application's. */
function settingText(role: string | null, setting: string): string {
  const [name = '', ...value] = setting.split('=');
  const shown = name.includes('.') ? `${name}=#${printOf(value.join('='))}` : setting;
  return role === null ? shown : `${role}: ${shown}`;
}

export async function readDatabase(
  session: FactSession,
): Promise<{ readonly database: DatabaseFact | null; readonly roles: readonly string[] }> {
  const row = (await session.ask<DatabaseRow>('properties of the database', DATABASE_SQL)).rows?.[0];
  if (row === undefined) return { database: null, roles: [] };
  const { settings, comment, roles, ...rest } = row;
  return {
    database: {
      ...rest,
      settings: settings.map(({ role, setting }) => settingText(role, setting)).sort(),
      commentPrint: comment === null ? null : printOf(comment),
    },
    roles,
  };
}
