import {
  OBJECT_KINDS,
  type Facts,
  type ObjectFact,
  type ObjectKind,
  type TableFact,
} from '../contracts/facts.ts';

export const PRESENCES = ['only-a', 'only-b', 'both'] as const;
export interface TableDifference {
  readonly schema: string;
  readonly name: string;
  readonly presence: (typeof PRESENCES)[number];
  readonly rowsA: number | null;
  readonly rowsB: number | null;
  /** b − a; null when either is not known, or the table is in one only. */
  readonly difference: number | null;
  /** By fingerprint; unknown where either has none, or the two are of different versions, and the rows are equal. */
  readonly content: 'same' | 'different' | 'unknown';
}
export interface ObjectDifference {
  readonly kind: ObjectKind;
  readonly name: string;
  readonly change: 'only-a' | 'only-b' | 'changed';
  readonly noteA: string | null;
  readonly noteB: string | null;
}
export interface Comparison {
  /** What changed first, then what is not known, then what is the same. */
  readonly tables: readonly TableDifference[];
  readonly objects: readonly ObjectDifference[];
  /** Kinds of objects that one of the two does not know. */
  readonly unknownKinds: readonly ObjectKind[];
}

const keyOf = ({ schema, name }: Pick<TableFact, 'schema' | 'name'>): string => `${schema}\u0000${name}`;

function contentOf(a: TableFact, b: TableFact, isOneVersion: boolean): TableDifference['content'] {
  if (a.rows !== null && b.rows !== null && a.rows !== b.rows) return 'different';
  if (a.fingerprint === null || b.fingerprint === null) return 'unknown';
  // Those of no rows are alike in every version.
  if (a.fingerprint === b.fingerprint) return 'same';
  return isOneVersion ? 'different' : 'unknown';
}

function tableDifference(
  a: TableFact | undefined,
  b: TableFact | undefined,
  isOneVersion: boolean,
): TableDifference | null {
  const of = a ?? b;
  if (of === undefined) return null;
  const rowsA = a?.rows ?? null;
  const rowsB = b?.rows ?? null;
  return {
    schema: of.schema,
    name: of.name,
    presence: a === undefined ? 'only-b' : b === undefined ? 'only-a' : 'both',
    rowsA,
    rowsB,
    difference: rowsA === null || rowsB === null ? null : rowsB - rowsA,
    content: a === undefined || b === undefined ? 'different' : contentOf(a, b, isOneVersion),
  };
}

/** Present in one only, rows differ, content alone differs, not known, same. */
function rank({ presence, difference, content }: TableDifference): number {
  if (presence !== 'both') return 0;
  if (difference !== null && difference !== 0) return 1;
  return { different: 2, unknown: 3, same: 4 }[content];
}
/** How much of the larger side went or came: losing 90 of 100 rows matters more than 100 of a million. */
const share = ({ rowsA, rowsB, difference }: TableDifference): number =>
  difference === null ? 0 : Math.abs(difference) / Math.max(1, rowsA ?? 0, rowsB ?? 0);

const nameOf = ({ schema, name }: Pick<TableFact, 'schema' | 'name'>): string => `${schema}.${name}`;

function compareObjects(
  kind: ObjectKind,
  a: readonly ObjectFact[],
  b: readonly ObjectFact[],
): readonly ObjectDifference[] {
  const [inA, inB] = [a, b].map((objects) => new Map(objects.map((each) => [each.name, each]))) as [
    Map<string, ObjectFact>,
    Map<string, ObjectFact>,
  ];
  return [...new Set([...inA.keys(), ...inB.keys()])].toSorted().flatMap((name) => {
    const [left, right] = [inA.get(name), inB.get(name)];
    if (left !== undefined && right !== undefined && left.print === right.print) return [];
    const change = left === undefined ? 'only-b' : right === undefined ? 'only-a' : 'changed';
    return [{ kind, name, change, noteA: left?.note ?? null, noteB: right?.note ?? null }] as const;
  });
}

export const isChanged = ({ presence, content }: TableDifference): boolean =>
  presence !== 'both' || content === 'different';

/** What differs between the databases of two backups, by their facts alone. */
export function compareFacts(a: Facts, b: Facts): Comparison {
  const inA = new Map(a.tables.map((table) => [keyOf(table), table]));
  const inB = new Map(b.tables.map((table) => [keyOf(table), table]));
  const isOneVersion = a.fingerprintVersion === b.fingerprintVersion;
  const tables = [...new Set([...inA.keys(), ...inB.keys()])]
    .flatMap((key) => tableDifference(inA.get(key), inB.get(key), isOneVersion) ?? [])
    .toSorted(
      (left, right) =>
        rank(left) - rank(right) || share(right) - share(left) || nameOf(left).localeCompare(nameOf(right)),
    );
  const unknownKinds: ObjectKind[] = [];
  const objects = OBJECT_KINDS.flatMap((kind) => {
    const [left, right] = [a.objects?.[kind], b.objects?.[kind]];
    if (left !== undefined && right !== undefined) return compareObjects(kind, left, right);
    unknownKinds.push(kind);
    return [];
  });
  return { tables, objects, unknownKinds };
}
