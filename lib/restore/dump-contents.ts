import { AppError } from '../core/errors.ts';

/** One entry of a dump's table of contents. */
export interface Entry {
  readonly id: number;
  /** As pg_restore prints it, and takes it back with --use-list. */
  readonly line: string;
  /** Kind, schema, name and owner in one: each may hold spaces. */
  readonly text: string;
  readonly dependsOn: readonly number[];
}

export interface TableName {
  readonly schema: string;
  readonly name: string;
}

/** What a dump says of itself, and what it holds. */
export interface Contents {
  readonly database: string | null;
  readonly createdAt: string | null;
  /** The server's version, for example `15.18`. */
  readonly productVersion: string | null;
  readonly entries: readonly Entry[];
}

/** The entries as `pg_restore --use-list` takes them. */
export const linesOf = (entries: readonly Entry[]): string =>
  `${entries.map(({ line }) => line).join('\n')}\n`;

/** Reads what `pg_restore --list --verbose` printed. */
export function readContents(printed: string): Contents {
  const head = (pattern: RegExp): string | null => pattern.exec(printed)?.[1]?.trim() ?? null;
  const entries: (Entry & { dependsOn: number[] })[] = [];
  for (const line of printed.split('\n')) {
    const entry = /^(\d+); \d+ \d+ (.*)$/.exec(line);
    if (entry !== null) entries.push({ id: Number(entry[1]), line, text: entry[2] ?? '', dependsOn: [] });
    else if (line.startsWith(';\tdepends on:')) {
      entries.at(-1)?.dependsOn.push(...line.slice(';\tdepends on:'.length).trim().split(/\s+/).map(Number));
    }
  }
  return {
    database: head(/^; {5}dbname: (.*)$/m),
    createdAt: head(/^; Archive created at (.*)$/m),
    productVersion: head(/^; {5}Dumped from database version: (\S+)/m),
    entries,
  };
}

const isTable = ({ text }: Entry): boolean => /^(?:FOREIGN )?TABLE (?!DATA |ATTACH )/.test(text);
/** Everything a table's entry says but its owner: `schema name owner`. */
const rest = ({ text }: Entry): string => text.replace(/^(?:FOREIGN )?TABLE /, '');
const oneLine = (name: string): string => name.replaceAll(/[\n\r]/g, ' ');

/** Tables as the dump lists them, where it tells names and owner apart without doubt. */
export function tablesOf({ entries }: Contents): TableName[] {
  return entries.filter(isTable).flatMap((entry) => {
    const [schema, name, owner, ...more] = rest(entry).split(' ');
    return schema === undefined || name === undefined || owner === undefined || more.length > 0
      ? []
      : [{ schema, name }];
  });
}

/** How many entries of each kind: `12 TABLE, 4 SEQUENCE`. */
export function kindsOf({ entries }: Contents): string {
  const counts = new Map<string, number>();
  for (const { text } of entries) {
    const kind = /^[A-Z]+(?: [A-Z]+)*(?= )/.exec(text)?.[0] ?? 'other';
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts].map(([kind, count]) => `${String(count)} ${kind}`).join(', ');
}

/** What of a dump brings chosen tables back. */
export interface Selection {
  readonly tables: readonly TableName[];
  /** Ids of entries. */
  readonly list: ReadonlySet<number>;
  /** Entries that are built on a chosen table and cannot come with it. */
  readonly leftOut: readonly string[];
}

/**
 * The entries of these tables and of all that is built on them: data, indexes, constraints, owned sequences, triggers,
 * policies, grants; views and the foreign keys that point at them too, because replacing a table takes those away. In a new
 * database also what they need, but none that needs a table which was not chosen. Throws `invalid` for a name the dump
 * does not know, and for a table that another one, not chosen, is built on.
 */
export function selectTables(
  contents: Contents,
  known: readonly TableName[],
  wanted: readonly string[],
  isNewDatabase: boolean,
): Selection {
  const { entries } = contents;
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  const tables = new Map<number, TableName>();
  const take = (table: TableName): void => {
    const start = `${oneLine(table.schema)} ${oneLine(table.name)} `;
    const entry = entries.find((one) => isTable(one) && rest(one).startsWith(start));
    if (entry === undefined) {
      throw new AppError('invalid', `the backup does not hold the table ${table.schema}.${table.name}`, {
        hint: 'Choose among the tables the backup lists (--dry-run shows them).',
        fields: { field: 'tables' },
      });
    }
    tables.set(entry.id, table);
  };
  for (const name of wanted) {
    const found = known.filter((table) => table.name === name || `${table.schema}.${table.name}` === name);
    if (found.length === 0) {
      throw new AppError('invalid', `there is no table "${name}" in the backup`, {
        hint: 'Write the name as the database has it, with its schema where needed: "sales.items".',
        fields: { field: 'tables' },
      });
    }
    for (const table of found) take(table);
  }
  takePartitions(contents, known, tables, take);

  const picked = new Set<number>(tables.keys());
  const needs = (entry: Entry): boolean => entry.dependsOn.some((id) => picked.has(id));
  const leftOut = new Map<number, string>();
  for (let before = -1; before !== picked.size;) {
    before = picked.size;
    for (const entry of entries) {
      if (picked.has(entry.id) || leftOut.has(entry.id) || !needs(entry)) continue;
      const missing = entry.dependsOn
        .map((id) => byId.get(id))
        .find((one) => one !== undefined && isTable(one) && !tables.has(one.id));
      if (isTable(entry)) {
        if (isNewDatabase) leftOut.set(entry.id, entry.text);
        else {
          throw new AppError('invalid', `"${rest(entry)}" is built on a chosen table`, {
            hint: 'Name both in --tables, or restore everything.',
            fields: { field: 'tables' },
          });
        }
      } else if (isNewDatabase && missing !== undefined) leftOut.set(entry.id, entry.text);
      else {
        picked.add(entry.id);
        // A table takes the sequences it owns away with it.
        if (entry.text.startsWith('SEQUENCE OWNED BY ')) {
          for (const id of entry.dependsOn)
            if (byId.get(id)?.text.startsWith('SEQUENCE ') === true) picked.add(id);
        }
      }
    }
  }
  if (isNewDatabase) addNeeds(byId, picked, tables);
  return { tables: [...tables.values()], list: picked, leftOut: [...leftOut.values()] };
}

/** A partitioned table comes with its partitions: it has no rows of its own. */
function takePartitions(
  { entries }: Contents,
  known: readonly TableName[],
  tables: Map<number, TableName>,
  take: (table: TableName) => void,
): void {
  for (let before = -1; before !== tables.size;) {
    before = tables.size;
    for (const { text, dependsOn } of entries) {
      if (!text.startsWith('TABLE ATTACH ') || !dependsOn.some((id) => tables.has(id))) continue;
      const partition = known.find(({ schema, name }) =>
        text.startsWith(`TABLE ATTACH ${oneLine(schema)} ${oneLine(name)} `),
      );
      if (partition !== undefined) take(partition);
    }
  }
}

function addNeeds(
  byId: ReadonlyMap<number, Entry>,
  picked: Set<number>,
  tables: ReadonlyMap<number, TableName>,
): void {
  const queue = [...picked];
  for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
    for (const need of byId.get(id)?.dependsOn ?? []) {
      const entry = byId.get(need);
      if (entry === undefined || picked.has(need) || (isTable(entry) && !tables.has(need))) continue;
      picked.add(need);
      queue.push(need);
    }
  }
}
