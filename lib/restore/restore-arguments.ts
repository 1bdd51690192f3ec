import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manifest } from '../contracts/manifest.ts';
import { AppError } from '../core/errors.ts';
import type { LiveTarget, SourceContext, TableRef, TargetState } from '../sources/source.ts';
import { linesOf, type Contents } from './dump-contents.ts';
import { replacingOrder } from './replacing-order.ts';

/** What of a backup comes back over a database where it stands. */
export interface LiveOrder {
  readonly content: 'all' | 'data' | 'schema';
  readonly noOwner: boolean;
  /** Ids of entries of the dump's table of contents; null for all of them. */
  readonly list: ReadonlySet<number> | null;
  /** The tables among them. */
  readonly tables: readonly TableRef[];
}

/** What pg_restore is told. Throws where it could only fail; `folder` is where the entries are written down. */
export async function restoreArguments(
  { content, noOwner, list, tables }: LiveOrder,
  state: TargetState,
  manifest: Manifest | null,
  where: {
    readonly target: LiveTarget;
    readonly jobs: number;
    readonly folder: string;
    readonly contents: Contents;
  },
  ctx: SourceContext,
): Promise<readonly string[]> {
  const isDataOnly = content === 'data';
  if (isDataOnly) await needEmptyTables(state, where.target, tables, ctx);
  const missing = (manifest?.facts.roles ?? []).filter(
    (role) => !role.startsWith('pg_') && !state.roles.includes(role),
  );
  if (missing.length > 0 && !noOwner && !isDataOnly && list === null) {
    throw new AppError('config', `the server lacks roles that the backup names: ${missing.join(', ')}`, {
      hint: 'Create them first ("create role … nologin"), or leave owners out with --no-owner.',
    });
  }
  const isReplacing = state.exists && !isDataOnly;
  const entries = where.contents.entries.filter(({ id }) => list?.has(id) !== false);
  const ordered = isReplacing ? replacingOrder(entries) : null;
  const listFile = list === null && ordered === null ? null : join(where.folder, 'entries.list');
  if (listFile !== null) await writeFile(listFile, linesOf(ordered ?? entries), { mode: 0o600 });
  return [
    // One transaction: whatever stops it, the database is as it was.
    ...(state.exists ? ['--single-transaction'] : [`--jobs=${String(where.jobs)}`]),
    ...(isReplacing ? ['--clean', '--if-exists'] : []),
    ...(isDataOnly ? ['--data-only', ...(state.isSuperuser ? ['--disable-triggers'] : [])] : []),
    ...(content === 'schema' ? ['--schema-only'] : []),
    ...(noOwner ? ['--no-owner', ...(missing.length > 0 ? ['--no-acl'] : [])] : []),
    ...(listFile === null ? [] : [`--use-list=${listFile}`]),
  ];
}

/** Throws where rows alone cannot be added: a table is not there, or holds rows already. */
export async function needEmptyTables(
  state: TargetState,
  target: LiveTarget,
  tables: readonly TableRef[],
  ctx: SourceContext,
): Promise<void> {
  if (!state.exists) {
    throw new AppError(
      'config',
      `rows alone need a database with tables, and ${target.database} does not exist`,
      {
        hint: 'Restore everything, or the schema alone first.',
      },
    );
  }
  const isThere = ({ schema, name }: TableRef): boolean =>
    state.tables.some((table) => table.schema === schema && table.name === name);
  const missing = tables.filter((table) => !isThere(table));
  if (missing.length > 0) {
    const names = missing.map(({ schema, name }) => `${schema}.${name}`).join(', ');
    throw new AppError('config', `rows alone need tables that ${target.database} lacks: ${names}`, {
      hint: 'Restore everything, or the schema alone first.',
    });
  }
  const holding = await target.holdRows(ctx, tables);
  if (holding.length === 0) return;
  const names = holding.map(({ schema, name }) => `${schema}.${name}`).join(', ');
  throw new AppError(
    'target_not_empty',
    `rows alone would be added to rows that are there already: ${names}`,
    {
      hint: 'Empty these tables first, or restore everything, which replaces them.',
    },
  );
}
