import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifyPassword } from '#lib/platform/password.ts';
import { createCatalogue } from '#tests/support/catalogue.ts';
import { startPostgres, type TestPostgres } from '#tests/support/postgres.ts';

const root = new URL('../..', import.meta.url).pathname;
let server: TestPostgres;
let dataDir: string;
let catalogue: Awaited<ReturnType<typeof createCatalogue>>;
beforeAll(async () => {
  server = await startPostgres();
  catalogue = await createCatalogue(server);
  dataDir = mkdtempSync(join(tmpdir(), 'hf-cli-'));
});
afterAll(async () => {
  await catalogue.close();
  await server[Symbol.asyncDispose]();
  rmSync(dataDir, { recursive: true });
});

async function cli(args: readonly string[], options: { input?: string; env?: Record<string, string> } = {}) {
  const env = {
    ...process.env,
    HOLDFAST_DATA_DIR: dataDir,
    DATABASE_URL: catalogue.url.reveal(),
    ...options.env,
  };
  const child = spawn('node_modules/.bin/node', ['scripts/cli.ts', ...args], { cwd: root, env });
  child.stdin.end(options.input ?? '');
  const code = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, stdout, stderr };
}

describe('token create', () => {
  test('prints the token alone; the catalogue keeps no trace of it but a hash', async () => {
    const { code, stdout, stderr } = await cli(['token', 'create', '--name', 'nightly', '--role', 'admin']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^hf_[\w-]{40,}\n$/);
    const rows =
      await catalogue.raw`select role, expires_at, row_to_json(t)::text as whole from api_tokens t where name = 'nightly'`;
    expect(rows[0]).toMatchObject({ role: 'admin' });
    expect((rows[0]?.['expires_at'] as Date).getTime()).toBeGreaterThan(Date.now() + 89 * 86_400_000);
    expect(rows[0]?.['whole']).not.toContain(stdout.trim());
    const audit =
      await catalogue.raw`select actor_kind, details::text as details from audit_entries where action = 'token.create'`;
    expect(audit[0]).toMatchObject({ actor_kind: 'cli' });
    expect(audit[0]?.['details']).not.toContain(stdout.trim());
  });

  test('--json and --expires-in-days', async () => {
    const { stdout } = await cli([
      'token',
      'create',
      '--name',
      'x',
      '--role',
      'viewer',
      '--expires-in-days',
      'never',
      '--json',
    ]);
    expect(JSON.parse(stdout)).toMatchObject({
      expiresAt: null,
      token: expect.stringMatching(/^hf_/) as string,
    });
  });

  test.each([
    [['token', 'create', '--role', 'admin'], 2, /error: --name is missing \[usage\]\nHINT: /],
    [['token', 'create', '--name', 'x', '--role', 'boss'], 5, /error: role: .* \[invalid\]\nHINT: /],
    [
      ['token', 'create', '--name', 'x', '--role', 'admin', '--expires-in-days', 'soon'],
      5,
      /error: expiresInDays: .* \[invalid\]/,
    ],
    [['token', 'create', '--nmae', 'x'], 2, /error: unknown option '--nmae' \[usage\]/],
    [['token', 'forge'], 2, /error: there is no command "token forge" \[usage\]/],
  ])('%j is refused with exit code %i', async (args, expected, message) => {
    const before = (await catalogue.raw`select count(*)::int as n from api_tokens`)[0]?.['n'] as number;
    const { code, stdout, stderr } = await cli(args);
    expect({ code, stdout }).toEqual({ code: expected, stdout: '' });
    expect(stderr).toMatch(message);
    expect((await catalogue.raw`select count(*)::int as n from api_tokens`)[0]?.['n']).toBe(before);
  });
});

describe('user', () => {
  const hashOf = async (email: string) =>
    (await catalogue.raw`select password_hash from users where email = ${email}`)[0]?.[
      'password_hash'
    ] as string;

  test('create prints a made-up password once; reset-password replaces it and ends sessions', async () => {
    const created = await cli(['user', 'create', '--email', 'User-1@example.test', '--role', 'admin']);
    expect(created.code).toBe(0);
    expect(await verifyPassword(created.stdout.trim(), await hashOf('user-1@example.test'))).toBe(true);

    const reset = await cli(['user', 'reset-password', '--email', 'user-1@example.test']);
    expect(reset.code).toBe(0);
    expect(await verifyPassword(created.stdout.trim(), await hashOf('user-1@example.test'))).toBe(false);
    expect(await verifyPassword(reset.stdout.trim(), await hashOf('user-1@example.test'))).toBe(true);
    const epoch = await catalogue.raw`select session_epoch from users where email = 'user-1@example.test'`;
    expect(epoch[0]?.['session_epoch']).toBe(2);
  });

  test('takes a password from standard input and never prints it', async () => {
    const { code, stdout, stderr } = await cli(
      ['user', 'create', '--email', 'user-2@example.test', '--role', 'viewer', '--password-stdin'],
      { input: 'canary horse battery\n' },
    );
    expect(code).toBe(0);
    expect(stdout + stderr).not.toContain('canary');
    expect(await verifyPassword('canary horse battery', await hashOf('user-2@example.test'))).toBe(true);
  });

  test('refuses a short password, a taken address and an unknown one', async () => {
    const make = (email: string, input: string) =>
      cli(['user', 'create', '--email', email, '--role', 'viewer', '--password-stdin'], { input });
    expect(await make('user-3@example.test', 'short')).toMatchObject({ code: 5 });
    expect(await make('user-2@example.test', 'long enough, this')).toMatchObject({ code: 12 });
    expect(await cli(['user', 'reset-password', '--email', 'nobody@example.test', '--json'])).toMatchObject({
      code: 10,
    });
  });
});

describe('finding the catalogue', () => {
  test('from <data dir>/env when nothing else names it', async () => {
    writeFileSync(join(dataDir, 'env'), `DATABASE_URL='${catalogue.url.reveal()}'\n`, { mode: 0o600 });
    const args = ['token', 'create', '--name', 'from-env', '--role', 'viewer'];
    const env = { ...process.env } as Record<string, string>;
    const child = spawn('node_modules/.bin/node', ['scripts/cli.ts', ...args], {
      cwd: root,
      env: { PATH: env['PATH'] ?? '', HOLDFAST_DATA_DIR: dataDir } as unknown as NodeJS.ProcessEnv,
    });
    expect(await text(child.stdout)).toMatch(/^hf_/);
  });

  test('an absent one is catalogue_down, an empty one says how to set it up', async () => {
    const args = ['token', 'create', '--name', 'x', '--role', 'viewer'];
    const down = await cli(args, { env: { DATABASE_URL: 'postgres://a:canary@127.0.0.1:1/x' } });
    expect(down.code).toBe(21);
    expect(down.stderr).not.toContain('canary');
    const empty = await server.createDatabase('empty');
    const unset = await cli(args, { env: { DATABASE_URL: empty.reveal() } });
    expect(unset).toMatchObject({ code: 20, stdout: '' });
    expect(unset.stderr).toContain('npm run db:migrate');
  });
});

test.each([
  [['--help']],
  [['token', 'create', '--help']],
  [['user', 'create', '--help']],
  [['user', 'reset-password', '--help']],
])('%j prints its usage and exits 0', async (args) => {
  const { code, stdout } = await cli(args, { env: { DATABASE_URL: '' } });
  expect(code).toBe(0);
  expect(stdout).toMatch(/^Usage: npm run --silent holdfast -- /);
});
