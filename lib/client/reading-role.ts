import { sqlIdentifier } from './shell-quote.ts';

const lines = (...parts: readonly string[]): string => parts.join('\n');

/** What a superuser runs with psql so that `role` may read all of `database` and change nothing. No password is in it. */
export function readingRoleSql(
  role: string,
  database: string,
): { readonly modern: string; readonly old: string } {
  const [name, target] = [sqlIdentifier(role), sqlIdentifier(database)];
  const inFormat = name.replaceAll("'", "''").replaceAll('%', '%%');
  const create = [
    `create role ${name} login;`,
    `\\password ${name}`,
    `grant connect on database ${target} to ${name};`,
  ];
  return {
    modern: lines(...create, `grant pg_read_all_data to ${name};`),
    old: lines(
      ...create,
      `\\connect ${target}`,
      'do $$ declare s name; begin',
      "  for s in select nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema' loop",
      `    execute format('grant usage on schema %I to ${inFormat}', s);`,
      `    execute format('grant select on all tables in schema %I to ${inFormat}', s);`,
      `    execute format('grant select on all sequences in schema %I to ${inFormat}', s);`,
      '  end loop;',
      'end $$;',
      '-- As each role that creates tables, so that new ones can be read too:',
      `alter default privileges grant select on tables to ${name};`,
      `alter default privileges grant select on sequences to ${name};`,
    ),
  };
}
