import { expect, test } from 'vitest';
import { parseConfig } from '#lib/platform/config.ts';
import { guardTarget } from '#lib/restore/guard-target.ts';

const guard = (database: string, env: Record<string, string>): (() => void) => {
  const config = parseConfig({ PGHOST: '127.0.0.1', PGPORT: '5432', PGDATABASE: 'ims', ...env });
  return () => {
    guardTarget(config, database);
  };
};
const development = { HOLDFAST_ENVIRONMENT: 'development' };

test.each([
  ['a database the server needs', 'postgres', {}, /belongs to the server itself/],
  ['the catalogue', 'hold fast', { DATABASE_URL: 'postgres://x@localhost/hold%20fast' }, /is the catalogue/],
  [
    'one that is named',
    'ims',
    { ...development, HOLDFAST_PRODUCTION_DATABASES: 'x,ims' },
    /is a production database/,
  ],
  [
    'one that is named with its host, from staging',
    'ims',
    { HOLDFAST_ENVIRONMENT: 'staging', HOLDFAST_PRODUCTION_DATABASES: '127.0.0.1:5432/ims' },
    /marked staging/,
  ],
  [
    'the database of another machine',
    'ims',
    { ...development, PGHOST: 'db.internal' },
    /may be a production database/,
  ],
])('refused: %s', (_name, database, env, message) => {
  expect(guard(database, env)).toThrow(message);
});

test.each([
  ['production itself', 'ims', { HOLDFAST_PRODUCTION_DATABASES: 'ims' }],
  ['the database of this machine', 'ims', development],
  ['another database of another machine', 'copy', { ...development, PGHOST: 'db.internal' }],
  [
    'what the list does not name',
    'ims',
    { ...development, PGHOST: 'db.internal', HOLDFAST_PRODUCTION_DATABASES: 'other/ims' },
  ],
  [
    'a database named like the catalogue of another server',
    'h',
    { DATABASE_URL: 'postgres://x@elsewhere/h' },
  ],
])('let through: %s', (_name, database, env) => {
  expect(guard(database, env)).not.toThrow();
});
