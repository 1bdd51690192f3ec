import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const good = {
  DATABASE_URL: 'postgres://holdfast:canary-1@127.0.0.1:1/holdfast',
  HOLDFAST_SECRET: 'canary-2'.repeat(5),
};

/** What Next does in each web process before its first request, and then a line of our own. */
async function start(
  env: Record<string, string>,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const script = `const { register } = await import('./instrumentation.ts'); await register(); console.log('it goes on'); process.exit(0);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: ROOT,
    env: { NODE_ENV: 'production', NEXT_RUNTIME: 'nodejs', PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const code = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, stdout, stderr };
}

test('a web process goes on with a configuration that can work', async () => {
  expect(await start(good)).toEqual({ code: 0, stdout: 'it goes on\n', stderr: '' });
});

test.each([
  ['DATABASE_URL', { DATABASE_URL: '' }],
  ['HOLDFAST_SECRET', { HOLDFAST_SECRET: '' }],
  ['BACKUP_S3_BUCKET', { BACKUP_STORAGE: 's3' }],
  ['BACKUP_TIMEZONE', { BACKUP_TIMEZONE: 'Mars/Olympus' }],
])(
  'a web process ends at its start where %s is wrong, with its name and a hint, and tells no secret',
  async (variable, env) => {
    const { code, stdout, stderr } = await start({ ...good, ...env });
    expect({ code, stdout }).toEqual({ code: 20, stdout: '' });
    const lines = stderr.trimEnd().split('\n');
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 'error',
      process: 'web',
      msg: expect.stringContaining(variable) as string,
      hint: expect.stringMatching(/\.$/) as string,
    });
    expect(stderr).not.toContain('canary');
  },
);
