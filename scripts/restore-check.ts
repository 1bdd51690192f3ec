import type { Manifest } from '#lib/contracts/manifest.ts';
import type { LiveTarget, SourceContext } from '#lib/sources/source.ts';
import type { TableName } from '#lib/restore/dump-contents.ts';

export interface TableCheck {
  readonly table: string;
  /** Null where the manifest does not tell. */
  readonly expected: number | null;
  /** Null where the table is not there. */
  readonly found: number | null;
}

export interface RowsChecked {
  readonly tables: readonly TableCheck[];
  readonly rows: number;
  /** Tables that are missing, or have other rows than the manifest tells. */
  readonly differing: readonly TableCheck[];
  /** How many tables could be held against the manifest. */
  readonly comparedCount: number;
}

const labelOf = ({ schema, name }: TableName): string => `${schema}.${name}`;

/** Counts the rows of every restored table, all in one snapshot, and holds them against the manifest where there is one. */
export async function checkRows(
  target: LiveTarget,
  ctx: SourceContext,
  restored: readonly TableName[],
  manifest: Manifest | null,
  isSchemaOnly: boolean,
): Promise<RowsChecked> {
  const facts = new Map(manifest?.facts.tables.map((fact) => [labelOf(fact), fact]));
  const own = restored.filter((table) => facts.get(labelOf(table))?.kind !== 'foreign');
  const counts = await target.countRows(ctx, own);
  const hasRows = !isSchemaOnly && manifest?.options.schemaOnly !== true;
  const tables = own.map((table): TableCheck => {
    const label = labelOf(table);
    const known = facts.get(label)?.rows ?? null;
    return { table: label, expected: hasRows ? known : 0, found: counts.get(label) ?? null };
  });
  return {
    tables,
    // A partitioned table's rows are those of its partitions.
    rows: tables.reduce(
      (sum, { table, found }) => sum + (facts.get(table)?.kind === 'partitioned' ? 0 : (found ?? 0)),
      0,
    ),
    differing: tables.filter(
      ({ expected, found }) => found === null || (expected !== null && expected !== found),
    ),
    comparedCount: tables.filter(({ expected }) => expected !== null).length,
  };
}

/** Tells people what the count came to. */
export function tellRows(
  { tables, rows, differing, comparedCount }: RowsChecked,
  manifest: Manifest | null,
  say: (line: string) => void,
): void {
  if (manifest === null) {
    say(
      `rows: ${String(rows)} in ${String(tables.length)} tables; without a manifest nothing tells how many there must be`,
    );
    return;
  }
  for (const { table, expected, found } of differing)
    say(
      `${table}: expected ${expected === null ? 'it' : String(expected)}, found ${found === null ? 'no such table' : String(found)}`,
    );
  const open = tables.length - comparedCount;
  say(
    `rows: ${String(rows)} in ${String(tables.length)} tables; ${String(comparedCount - differing.filter(({ expected }) => expected !== null).length)} tables agree with the manifest${open === 0 ? '' : `, ${String(open)} are not counted there`}`,
  );
}
