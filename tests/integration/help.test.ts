import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

test.each([
  ['scripts/quickstart.mjs', 'Usage: npm run quickstart\n'],
  ['scripts/migrate.ts', 'Usage: npm run db:migrate\n'],
  ['scripts/backup.ts', 'Usage: ./scripts/backup.sh [OPTIONS]\n'],
  ['scripts/base-backup.ts', 'Usage: ./scripts/base-backup.sh [OPTIONS]\n'],
  ['scripts/restore-to-time.ts', 'Usage: ./scripts/restore-to-time.sh TARGET --into DIR [OPTIONS]\n'],
  ['scripts/backup-verify.ts', 'Usage: ./scripts/backup-verify.sh [OPTIONS] [FILE]\n'],
  ['worker/verifier.ts', 'Usage: node worker/verifier.ts < order.json\n'],
  ['scripts/cli.ts', 'Usage: npm run --silent holdfast -- COMMAND [OPTIONS]\n'],
  ['worker/main.ts', 'Usage: npm run worker\n'],
])('%s --help says how to use it and does nothing', async (program, usage) => {
  // Nothing it would need is there: whatever it did beside telling would fail.
  const child = spawn(process.execPath, [program, '--help'], {
    cwd: ROOT,
    env: { NODE_ENV: 'test', PATH: process.env['PATH'], DATABASE_URL: 'nonsense' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const code = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  expect({ code: await code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.startsWith(usage)).toBe(true);
});
