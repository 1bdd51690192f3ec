import { AppError } from '#lib/core/errors.ts';

const PG_NAMES = ['PGHOST', 'PGPORT', 'PGUSER', 'PGPASSWORD', 'PGDATABASE'] as const;

/**
 * Whether the environment names the database to back up. Half a name is refused: the demo's address must not be mixed with
 * a part of another server's.
 */
export function namesApplicationDatabase(env: NodeJS.ProcessEnv): boolean {
  const given = PG_NAMES.filter((name) => (env[name] ?? '') !== '');
  if (given.length === 0) return false;
  if (given.includes('PGDATABASE')) return true;
  throw new AppError(
    'config',
    `${given.join(', ')} ${given.length > 1 ? 'are' : 'is'} set, but PGDATABASE is not`,
    {
      hint: 'Name the database to back up with PGDATABASE too, or unset all PG… variables to use the demo database.',
      fields: { variable: 'PGDATABASE' },
    },
  );
}
