/** PostgreSQL cuts longer names. */
const NAME_MAX_BYTES = 63;

type Into = 'side-schema' | 'replace' | 'append';

const KEEPS = { 'side-schema': 'restored', replace: 'before', append: 'added' } as const satisfies Record<
  Into,
  string
>;

const stampOf = (at: Date): string => at.toISOString().slice(0, 19).replaceAll(/[-:T]/g, '');

/**
 * `<word>_<YYYYMMDDHHMMSS>` in UTC, of the moment a restore was asked for, so that whoever looks at it later knows the names. `side`:
 * tables as the backup has them. `keep` is what stays: those themselves, the rows that were replaced (`before_…`), or the keys of
 * the rows that were added (`added_…`).
 */
export function sideSchemas(into: Into, at: Date): { readonly side: string; readonly keep: string } {
  return { side: `restored_${stampOf(at)}`, keep: `${KEEPS[into]}_${stampOf(at)}` };
}

/** Where the rows are that an undo took out again; `at` is when it was asked for. */
export const undoneSchema = (at: Date): string => `undone_${stampOf(at)}`;

function cut(name: string, suffix: string): string {
  let stem = '';
  for (const character of name) {
    if (Buffer.byteLength(stem + character + suffix) > NAME_MAX_BYTES) break;
    stem += character;
  }
  return stem + suffix;
}

/**
 * What tables of several schemas are called in a schema of their own, in their order: by their own name where only one has it, else
 * with their schema before it.
 */
export function sideNames(tables: readonly { readonly schema: string; readonly name: string }[]): string[] {
  const taken = new Set<string>();
  return tables.map(({ schema, name }) => {
    const isShared = tables.some((other) => other.name === name && other.schema !== schema);
    const wanted = cut(isShared ? `${schema}_${name}` : name, '');
    let found = wanted;
    for (let count = 2; taken.has(found); count += 1) found = cut(wanted, `_${String(count)}`);
    taken.add(found);
    return found;
  });
}
