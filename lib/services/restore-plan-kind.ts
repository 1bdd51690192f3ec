import { AbsolutePath } from '../contracts/path.ts';
import { isPathTarget, type RestorePlan } from '../contracts/restore.ts';
import { AppError } from '../core/errors.ts';
import type { SourceKind } from '../core/source-kind.ts';

const refuse = (field: string, message: string, hint: string): AppError =>
  new AppError('invalid', `${field}: ${message}`, { hint, fields: { field } });

/** Throws `invalid`, naming the field, for a plan that a backup of this kind of source cannot be restored by. */
export function needPlanOfKind(plan: RestorePlan, kind: SourceKind): void {
  if (kind === 'postgres') needDatabasePlan(plan);
  else needPathPlan(plan, kind);
}

function needDatabasePlan({ targetDatabase, paths }: RestorePlan): void {
  if (isPathTarget(targetDatabase)) {
    throw refuse(
      'targetDatabase',
      'is a path, and the backup is of a database',
      'Name a database of the server of its source.',
    );
  }
  if (paths !== undefined) {
    throw refuse(
      'paths',
      'must not be given for a backup of a database',
      'Leave it out, or choose tables with the mode "tables".',
    );
  }
}

function needPathPlan(plan: RestorePlan, kind: SourceKind): void {
  const { mode, targetDatabase, tables, tablesInto, schemaOnly, dataOnly, noOwner, paths } = plan;
  const what = `a backup of ${{ postgres: 'a database', files: 'files', sqlite: 'SQLite', redis: 'Redis' }[kind]}`;
  if (mode !== 'new' && mode !== 'swap') {
    throw refuse(
      'mode',
      `must be "new" or "swap" for ${what}`,
      'Restore it to a new path, or in the place of what is live.',
    );
  }
  const isPath = AbsolutePath.safeParse(targetDatabase);
  if (!isPath.success) {
    throw refuse(
      'targetDatabase',
      `must be a path for ${what}: ${isPath.error.issues[0]?.message ?? ''}`,
      'Write the whole path, as the worker sees it, for example /srv/uploads.',
    );
  }
  const given = { tables, tablesInto, schemaOnly, dataOnly, noOwner };
  for (const [field, value] of Object.entries(given)) {
    if (value === undefined || value === false) continue;
    throw refuse(field, `must not be given for ${what}`, 'Leave it out.');
  }
  if (paths !== undefined && kind !== 'files')
    throw refuse('paths', `must not be given for ${what}`, 'Leave it out: it is restored whole.');
}
