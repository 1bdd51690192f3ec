import type postgres from 'postgres';
import type { Facts } from '../../contracts/facts.ts';
import type { PostgresConfig } from '../../platform/config.ts';
import type { SourceContext, TableRef } from '../source.ts';
import { connect } from './connect.ts';
import { readFacts } from './read-facts.ts';
import { TABLES_SQL, tableOfRow, type TableRow } from './read-tables.ts';

/** Whatever the policy took at the source is read in the copy. */
const FACTS = { takesFingerprints: true, fingerprintMaxBytes: Number.MAX_SAFE_INTEGER };

const labelOf = ({ schema, name }: TableRef): string => `${schema}.${name}`;

/** What a restored copy shows, read over `jobs` connections; of `only` these tables where they are given. */
export async function readCopyFacts(
  ctx: SourceContext,
  address: PostgresConfig,
  scope: {
    readonly jobs: number;
    readonly isChosen: boolean;
    readonly isSchemaOnly: boolean;
    /** That of the facts it is held against. */
    readonly fingerprintVersion: number;
    readonly only?: readonly TableRef[];
  },
): Promise<Facts> {
  const connections: postgres.Sql[] = [];
  try {
    for (let count = 0; count < scope.jobs; count += 1) connections.push(await connect(address));
    const only = scope.only && new Set(scope.only.map(labelOf));
    const tables =
      only === undefined
        ? null
        : ((await connections[0]?.unsafe<TableRow[]>(TABLES_SQL)) ?? [])
            .map(tableOfRow)
            .filter((table) => only.has(labelOf(table)));
    return await readFacts(
      connections,
      {
        tables,
        isChosen: scope.isChosen,
        isSchemaOnly: scope.isSchemaOnly,
        snapshot: null,
        fingerprintVersion: scope.fingerprintVersion,
      },
      FACTS,
      { signal: ctx.signal, log: ctx.log, clock: ctx.clock, timeUp: null },
    );
  } finally {
    await Promise.all(connections.map((sql) => sql.end({ timeout: 1 })));
  }
}

/** The sequences that count down, as `schema.name`. */
export async function readDescending(sql: postgres.Sql): Promise<ReadonlySet<string>> {
  const rows = await sql<{ name: string }[]>`
    select n.nspname || '.' || c.relname as name from pg_catalog.pg_sequence s
    join pg_catalog.pg_class c on c.oid = s.seqrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where s.seqincrement < 0`;
  return new Set(rows.map(({ name }) => name));
}
