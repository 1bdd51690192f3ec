/** PostgreSQL cuts longer names. */
const NAME_MAX_BYTES = 63;

/**
 * `<word>_<YYYYMMDDHHMMSS>` in UTC. `restored`: tables as a backup has them; `before`: rows that a restore replaced; `added`: the
 * keys of rows that a restore added.
 */
export const sideSchemaName = (word: 'restored' | 'before' | 'added', at: Date): string =>
  `${word}_${at.toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')}`;

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
