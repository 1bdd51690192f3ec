interface Column {
  readonly name: string;
  readonly type: string;
  readonly isRequired: boolean;
  readonly isGenerated: boolean;
}

/** What keeps the rows of one table from standing in another, in words; empty where nothing does. */
export function columnDifferences(backup: readonly Column[], live: readonly Column[]): string[] {
  const there = new Map(live.map((column) => [column.name, column]));
  const known = new Set(backup.map(({ name }) => name));
  return [
    ...backup.flatMap(({ name, type, isGenerated }) => {
      const other = there.get(name);
      if (other === undefined) return [`the column ${name} is not in the live table`];
      if (other.type !== type) return [`the column ${name} is ${type} in the backup and ${other.type} live`];
      if (other.isGenerated && !isGenerated)
        return [`the column ${name} is computed live and holds values in the backup`];
      return [];
    }),
    ...live
      .filter(({ name, isRequired }) => isRequired && !known.has(name))
      .map(({ name }) => `the live column ${name} needs a value that the backup does not have`),
  ];
}
