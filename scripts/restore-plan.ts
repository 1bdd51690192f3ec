import { humanBytes } from '#lib/core/bytes.ts';
import type { TargetState } from '#lib/sources/source.ts';
import type { OpenedArchive } from '#lib/verify/opened-archive.ts';
import { kindsOf, type Contents, type Selection, type TableName } from '#lib/restore/dump-contents.ts';
import type { RestoreOptions } from './restore-options.ts';

const SHOWN = 20;
const labelOf = ({ schema, name }: TableName): string => `${schema}.${name}`;
const count = (number: number, noun: string): string => `${String(number)} ${noun}${number === 1 ? '' : 's'}`;

function listed(names: readonly string[], isVerbose: boolean): string {
  if (isVerbose || names.length <= SHOWN) return names.join(', ');
  return `${names.slice(0, SHOWN).join(', ')} and ${String(names.length - SHOWN)} more`;
}

/** What the backup is: date, size, tables, rows. */
export function describeBackup(
  label: string,
  { manifest, storedBytes }: OpenedArchive,
  contents: Contents,
  tables: readonly TableName[],
): string[] {
  const rows = manifest?.facts.tables.reduce(
    (sum, fact) => sum + (fact.kind === 'table' ? (fact.rows ?? 0) : 0),
    0,
  );
  const size = manifest === null ? '' : `, decoded ${humanBytes(manifest.plain.bytes)}`;
  const version = manifest?.source.productVersion ?? contents.productVersion ?? 'unknown';
  return [
    `backup: ${label}`,
    `date: ${manifest?.takenAt ?? contents.createdAt ?? 'unknown'}`,
    `database: ${manifest?.source.database ?? contents.database ?? 'unknown'}, PostgreSQL ${version}`,
    `size: ${humanBytes(storedBytes)}${size}`,
    `tables: ${String(tables.length)}${rows === undefined ? '' : `, rows: ${String(rows)}`}`,
    `contents: ${kindsOf(contents)}`,
    manifest === null
      ? 'checked: it can be read to its end. There is no manifest, so it cannot be told whether these are the bytes that were written, nor how many rows it must bring back'
      : 'checked: its bytes are those of its manifest, and it can be read to its end',
  ];
}

/** What a restore would make, replace and leave alone. */
export interface Plan {
  readonly lines: readonly string[];
  readonly creates: readonly string[];
  readonly replaces: readonly string[];
  readonly keeps: readonly string[];
}

export function planRestore(
  options: RestoreOptions,
  target: string,
  state: TargetState,
  backup: readonly TableName[],
  selection: Selection | null,
): Plan {
  const restored = (selection?.tables ?? backup).map(labelOf);
  const there = new Set(state.tables.map(labelOf));
  const replaces = restored.filter((name) => there.has(name));
  const creates = restored.filter((name) => !there.has(name));
  const keeps = [...there].filter((name) => !restored.includes(name));
  const names = (list: readonly string[]): string => listed(list, options.isVerbose);
  const what = options.content === 'data' ? 'fills' : 'replaces';
  const lines = [
    state.exists
      ? `target: ${target}, PostgreSQL ${state.productVersion}: ${count(state.tables.length, 'table')}, ${humanBytes(state.sizeBytes)}, ${count(state.otherConnections, 'other connection')}`
      : `target: ${target} does not exist on this server (PostgreSQL ${state.productVersion}) and is created`,
    ...(replaces.length > 0 ? [`${what} ${count(replaces.length, 'table')}: ${names(replaces)}`] : []),
    ...(creates.length > 0 ? [`creates ${count(creates.length, 'table')}: ${names(creates)}`] : []),
    ...(keeps.length > 0 ? [`leaves alone ${count(keeps.length, 'table')}: ${names(keeps)}`] : []),
    ...(options.content === 'schema' && replaces.length > 0
      ? ['without rows: the tables that are replaced come back empty']
      : []),
    ...(selection !== null && selection.leftOut.length > 0
      ? [`left out, because it needs other tables: ${names(selection.leftOut)}`]
      : []),
  ];
  return { lines, creates, replaces, keeps };
}
