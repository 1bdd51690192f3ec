import postgres from 'postgres';
import type { DatabaseFact } from '../../contracts/facts.ts';
import type { PostgresConfig } from '../../platform/config.ts';
import type { SourceContext } from '../source.ts';
import { connect } from './connect.ts';
import { quoteName } from './quote-name.ts';
import { scratchComment, scratchName } from './scratch-name.ts';

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** One connection for statements of ours; `address` names the database. Throws the reason of `signal`, which ends it at once. */
export async function withConnection<T>(
  address: PostgresConfig,
  work: (sql: postgres.Sql) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  signal?.throwIfAborted();
  const sql = await connect(address);
  const stop = (): void => {
    void sql.end({ timeout: 0 });
  };
  signal?.addEventListener('abort', stop, { once: true });
  try {
    return await work(sql);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
    await sql.end({ timeout: 1 });
  }
}

/** How the source's database was created, as far as this version has words for it. */
export function creationOf(fact: DatabaseFact, major: number): string {
  const provider =
    major < 15 || fact.localeProvider === 'libc' || fact.locale === null
      ? ''
      : fact.localeProvider === 'icu'
        ? ` locale_provider icu icu_locale ${literal(fact.locale)}`
        : ` locale_provider builtin builtin_locale ${literal(fact.locale)}`;
  return `encoding ${literal(fact.encoding)} lc_collate ${literal(fact.collate)} lc_ctype ${literal(fact.ctype)}${provider}`;
}

export interface CreatedDatabase {
  readonly name: string;
  /** Why it is not like the source's; null when it is, or nothing is known of that. */
  readonly otherwise: string | null;
}

/** An empty database like the source's; where this server lacks its locale, with C. Marked with `id` when that is not null. */
export async function createScratchDatabase(
  ctx: SourceContext,
  sql: postgres.Sql,
  {
    id,
    database,
    fact,
    major,
  }: {
    readonly id: string;
    readonly database: string;
    readonly fact: DatabaseFact | null;
    readonly major: number;
  },
): Promise<CreatedDatabase> {
  const encoding = literal(fact?.encoding ?? 'UTF8');
  const ways = [
    ...(fact === null ? [] : [creationOf(fact, major)]),
    `encoding ${encoding} lc_collate 'C' lc_ctype 'C'`,
  ];
  let at = ctx.clock.now();
  let otherwise: string | null = null;
  for (let way = 0; ;) {
    const name = scratchName(database, at);
    try {
      await sql.unsafe(`create database ${quoteName(name)} template template0 ${ways[way] ?? ''}`);
      await sql.unsafe(`comment on database ${quoteName(name)} is ${literal(scratchComment(id))}`);
      return { name, otherwise };
    } catch (error) {
      if (!(error instanceof postgres.PostgresError)) throw error;
      // Another verification began within this second.
      if (error.code === '42P04') at = new Date(at.getTime() + 1000);
      else if (error.code === '42501' || error.code.startsWith('53') || way + 1 >= ways.length) throw error;
      else {
        otherwise = `this machine has no locale like the source's: ${error.message}`;
        way += 1;
      }
    }
  }
}

/** Ends whoever is connected. Does nothing where it is gone already. */
export async function dropScratchDatabase(sql: postgres.Sql, name: string): Promise<void> {
  const [version] = await sql<{ number: number }[]>`
    select current_setting('server_version_num')::int as number`;
  if ((version?.number ?? 0) >= 130_000) {
    try {
      await sql.unsafe(`drop database if exists ${quoteName(name)} with (force)`);
      return;
    } catch (error) {
      // Refused to all but superusers while an autovacuum worker is in it; without "force" the server ends that one by itself.
      if (!(error instanceof postgres.PostgresError && error.code === '42501')) throw error;
    }
  }
  await sql`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = ${name} and usesysid is not null`;
  await sql.unsafe(`drop database if exists ${quoteName(name)}`);
}
