import type { Entry } from './dump-contents.ts';

const isKey = ({ text }: Entry): boolean => /^(?:CONSTRAINT|INDEX) (?!ATTACH )/.test(text);

/**
 * The entries in an order in which `--clean` can drop what is there: it goes backwards, and an index or a key of a partition
 * cannot be dropped before the one of the partitioned table, which takes it along. So those of partitioned tables come last among
 * them, the outermost at the end; making them in this order works as well. Null where the order is good as it is.
 */
export function replacingOrder(entries: readonly Entry[]): readonly Entry[] | null {
  const keys = new Map(entries.filter(isKey).map((entry) => [entry.id, entry]));
  // A partition's depends on the one of its partitioned table.
  const heights = new Map<number, number>();
  const lift = ({ dependsOn }: Entry, height: number): void => {
    for (const id of dependsOn) {
      const parent = keys.get(id);
      if (parent === undefined || (heights.get(id) ?? 0) >= height) continue;
      heights.set(id, height);
      lift(parent, height + 1);
    }
  };
  for (const entry of keys.values()) lift(entry, 1);
  if (heights.size === 0) return null;
  const parents = entries
    .filter(({ id }) => heights.has(id))
    .toSorted((a, b) => (heights.get(a.id) ?? 0) - (heights.get(b.id) ?? 0));
  const others = entries.filter(({ id }) => !heights.has(id));
  const last = others.findLastIndex(isKey);
  return [...others.slice(0, last + 1), ...parents, ...others.slice(last + 1)];
}
