import { OBJECT_KINDS, type Facts, type ObjectFact } from '../../contracts/facts.ts';
import { printOf } from './database-facts.ts';
import type { FactSession } from './fact-session.ts';
import { KINDS_OF_TABLES, objectQueries, type ObjectScope } from './object-queries.ts';

interface ObjectRow {
  readonly name: string | null;
  readonly def: string | null;
  readonly note?: string | null;
  readonly roles?: readonly string[];
}

/** Every object of the schema that a dump of this scope carries, and the roles these name. */
export async function readObjects(
  session: FactSession,
  scope: ObjectScope,
): Promise<{
  readonly objects: NonNullable<Facts['objects']>;
  readonly unknownObjects: Facts['unknownObjects'];
  readonly roles: readonly string[];
}> {
  const objects: NonNullable<Facts['objects']> = {};
  const unknownObjects: Facts['unknownObjects'] = {};
  const roles = new Set<string>();
  const queries = objectQueries(scope);
  const kinds = OBJECT_KINDS.filter((kind) => scope.chosen === null || KINDS_OF_TABLES.includes(kind));
  const answers = await Promise.all(
    kinds.map(async (kind) => ({ kind, answer: await session.ask<ObjectRow>(kind, queries[kind]) })),
  );
  for (const { kind, answer } of answers) {
    if (answer.unknown !== null) {
      unknownObjects[kind] = answer.unknown;
      continue;
    }
    const found = answer.rows.map((row): ObjectFact => {
      for (const role of row.roles ?? []) roles.add(role);
      return {
        name: row.name ?? '',
        print: printOf(row.def ?? ''),
        ...(row.note == null ? {} : { note: row.note }),
      };
    });
    objects[kind] = found.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  }
  return { objects, unknownObjects, roles: [...roles] };
}
