import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '#lib/core/errors.ts';
import type { RunContext } from '#lib/core/run-context.ts';
import type { LiveTarget, TargetState } from '#lib/sources/source.ts';
import type { OpenedArchive } from '#lib/verify/opened-archive.ts';
import type { Selection, TableName } from './restore-contents.ts';
import type { RestoreOptions } from './restore-options.ts';

/** What pg_restore is told. Throws where it could only fail. */
export async function argumentsFor(
  options: RestoreOptions,
  jobs: number,
  state: TargetState,
  { manifest }: OpenedArchive,
  selection: Selection | null,
  restored: readonly TableName[],
  target: LiveTarget,
  ctx: RunContext,
): Promise<readonly string[]> {
  const isDataOnly = options.content === 'data';
  if (isDataOnly) await needEmptyTables(state, target, restored, ctx);
  const missing = (manifest?.facts.roles ?? []).filter(
    (role) => !role.startsWith('pg_') && !state.roles.includes(role),
  );
  if (missing.length > 0 && !options.noOwner && !isDataOnly && selection === null) {
    throw new AppError('config', `the server lacks roles that the backup names: ${missing.join(', ')}`, {
      hint: 'Create them first ("create role … nologin"), or leave owners out with --no-owner.',
    });
  }
  if (selection !== null) writeFileSync(join(ctx.workDir, 'entries.list'), selection.list, { mode: 0o600 });
  return [
    // One transaction: whatever stops it, the database is as it was.
    ...(state.exists ? ['--single-transaction'] : [`--jobs=${String(jobs)}`]),
    ...(state.exists && !isDataOnly ? ['--clean', '--if-exists'] : []),
    ...(isDataOnly ? ['--data-only', ...(state.isSuperuser ? ['--disable-triggers'] : [])] : []),
    ...(options.content === 'schema' ? ['--schema-only'] : []),
    ...(options.noOwner ? ['--no-owner', ...(missing.length > 0 ? ['--no-acl'] : [])] : []),
    ...(selection === null ? [] : [`--use-list=${join(ctx.workDir, 'entries.list')}`]),
  ];
}

async function needEmptyTables(
  state: TargetState,
  target: LiveTarget,
  restored: readonly TableName[],
  ctx: RunContext,
): Promise<void> {
  if (!state.exists) {
    throw new AppError(
      'config',
      `--data-only needs a database with tables, and ${target.database} does not exist`,
      {
        hint: 'Leave --data-only out, or restore with --schema-only first.',
      },
    );
  }
  const isThere = ({ schema, name }: TableName): boolean =>
    state.tables.some((table) => table.schema === schema && table.name === name);
  const missing = restored.filter((table) => !isThere(table));
  if (missing.length > 0) {
    const names = missing.map(({ schema, name }) => `${schema}.${name}`).join(', ');
    throw new AppError('config', `--data-only needs tables that ${target.database} lacks: ${names}`, {
      hint: 'Leave --data-only out, or restore with --schema-only first.',
    });
  }
  const holding = await target.holdRows(ctx, restored);
  if (holding.length === 0) return;
  const names = holding.map(({ schema, name }) => `${schema}.${name}`).join(', ');
  throw new AppError('target_not_empty', `--data-only would add to rows that are there already: ${names}`, {
    hint: 'Empty these tables first, or leave --data-only out, which replaces them.',
  });
}
