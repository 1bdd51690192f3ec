import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { startPostgres } from '#tests/support/postgres.ts';
import { ROOT } from '#tests/support/temporary-tree.ts';

test('connections that were lost under load do not spoil the next queries', async () => {
  await using server = await startPostgres();
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['tests/fixtures/programs/queries-through-losses.ts'],
    { cwd: ROOT, env: { NODE_ENV: 'test', DATABASE_URL: server.url('postgres').reveal() }, timeout: 90_000 },
  );
  expect(stdout).toBe('0');
});
