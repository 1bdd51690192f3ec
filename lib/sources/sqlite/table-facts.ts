import type { Facts, TableFact, UnknownReason } from '../../contracts/facts.ts';
import { pathFacts } from '../path-facts.ts';
import type { SourceContext } from '../source.ts';
import type { ToldLine } from './run-sqlite.ts';

/** Gathers what is told of tables; what was not told by its end is not known. */
export function gatherTables(ctx: Pick<SourceContext, 'log'>): {
  add(line: ToldLine): void;
  /** `unknown`: why what has not been told was not. */
  tables(unknown: UnknownReason): TableFact[];
} {
  const facts = new Map<string, Partial<TableFact>>();
  const note = (name: string, told: Partial<TableFact>, problem: string | undefined): void => {
    if (problem !== undefined) ctx.log.warn('a table of SQLite could not be read', { table: name, problem });
    facts.set(name, { ...facts.get(name), ...told });
  };
  return {
    add: (line) => {
      switch (line.type) {
        case 'tables':
          for (const name of line.names) facts.set(name, {});
          break;
        case 'rows':
          note(line.name, { rows: line.rows, bytes: line.bytes }, line.problem);
          break;
        case 'fingerprint':
          note(line.name, { fingerprint: line.fingerprint, unknown: line.unknown }, line.problem);
          break;
        case 'integrity':
        case 'foreign-keys':
      }
    },
    tables: (unknown) =>
      [...facts].map(([name, told]) => {
        const { rows = null, fingerprint = null, bytes = null } = told;
        return {
          schema: 'main',
          name,
          kind: 'table',
          rows,
          fingerprint,
          bytes,
          unknown: whyUnknown(told, unknown),
        };
      }),
  };
}

function whyUnknown(
  { rows, fingerprint, unknown }: Partial<TableFact>,
  rest: UnknownReason,
): UnknownReason | null {
  if (rows === undefined) return rest;
  if (rows === null) return 'query-failed';
  if (fingerprint === undefined) return rest;
  return unknown ?? null;
}

/** The facts of a database of which these are the tables. */
export const factsOf = (tables: readonly TableFact[], durationMs: number | null): Facts =>
  pathFacts({ tableCount: tables.length, tables: [...tables], durationMs });
