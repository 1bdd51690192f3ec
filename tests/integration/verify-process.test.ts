import { execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import {
  DEFAULT_VERIFICATION_POLICY,
  VerifyEvent,
  type Depth,
  type VerifyOrder,
} from '#lib/contracts/verification.ts';
import { AppError } from '#lib/core/errors.ts';
import { Secret } from '#lib/core/secret.ts';
import { parseConfig, type Config } from '#lib/platform/config.ts';
import { createLogger } from '#lib/platform/logger.ts';
import { verifierEnvironment } from '#lib/platform/verifier-environment.ts';
import { startVerifier } from '#lib/verify/start-verifier.ts';
import { findProgram } from '#scripts/programs.mjs';
import { cutArchive, type StoredBackup } from '#tests/support/broken-backups.ts';
import { startPostgres, type TestPostgres } from '#tests/support/postgres.ts';
import { takeBackup } from '#tests/support/verify-backup.ts';

const PROGRAM = fileURLToPath(new URL('../../worker/verifier.ts', import.meta.url));
const CANARY = 'canary-9b1d-secret';
const log = createLogger('error');
let server: TestPostgres;
let folder: string;
let backup: StoredBackup;
let keyFile: string;

/** A decoder that waits for a file before it reads, so that a test can be sure to be in the middle. */
function slowPrograms(): string {
  const slow = join(folder, 'slow');
  mkdirSync(slow);
  const file = join(slow, 'zstd');
  writeFileSync(
    file,
    `#!/bin/sh
[ "$1" = --version ] && exec ${findProgram('zstd') ?? 'zstd'} --version
while [ ! -e ${join(slow, 'go')} ]; do sleep 0.05; done
cat > /dev/null
`,
  );
  chmodSync(file, 0o755);
  return `${slow}:${process.env['PATH'] ?? ''}`;
}

const configured = (more: Record<string, string> = {}): Config =>
  parseConfig({
    DATABASE_URL: `postgres://x:${CANARY}@127.0.0.1:1/catalogue`,
    HOLDFAST_SECRET: `${CANARY}-0123456789-0123456789-0123456789`,
    PGHOST: '127.0.0.1',
    PGPORT: String(server.port),
    PGUSER: 'postgres',
    PGPASSWORD: 'postgres',
    PGDATABASE: 'app',
    HOLDFAST_DATA_DIR: join(folder, 'data'),
    BACKUP_LOCAL_PATH: join(folder, 'backups'),
    BACKUP_AGE_IDENTITY_FILE: keyFile,
    BACKUP_VERIFY_DATABASE_URL: `postgres://postgres:${CANARY}@127.0.0.1:1/postgres`,
    PATH: process.env['PATH'] ?? '',
    ...more,
  });

beforeAll(async () => {
  server = await startPostgres();
  await server.createDatabase('app');
  await server.sql('app', 'create table items as select g id, md5(g::text) from generate_series(1, 20000) g');
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hf-verifier-'));
  keyFile = join(folder, 'key.txt');
  execFileSync('age-keygen', ['-o', keyFile], { stdio: 'ignore' });
  const recipient = execFileSync('age-keygen', ['-y', keyFile], { encoding: 'utf8' }).trim();
  backup = await takeBackup(configured({ BACKUP_AGE_RECIPIENTS: recipient }));
  return () => {
    rmSync(folder, { recursive: true, force: true });
  };
});

const orderOf = (depth: Depth): VerifyOrder => ({
  id: randomUUID(),
  destination: 'local',
  key: backup.archive,
  depth,
  policy: DEFAULT_VERIFICATION_POLICY,
  recorded: null,
});

interface Process {
  readonly pid: number;
  readonly cmdline: string;
  readonly environ: string;
}
const readProcess = (pid: string): Process[] => {
  try {
    const read = (name: string): string => readFileSync(`/proc/${pid}/${name}`, 'utf8');
    return [{ pid: Number(pid), cmdline: read('cmdline'), environ: read('environ') }];
  } catch {
    // It has gone since the folder was read.
    return [];
  }
};
const processes = (): Process[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .flatMap(readProcess);
/** The verifying process, by the data folder in its environment. */
const verifiers = (): Process[] =>
  processes().filter(
    ({ cmdline, environ }) =>
      cmdline.includes('verifier.ts') && environ.includes(`HOLDFAST_DATA_DIR=${folder}/`),
  );
/** Programs that work on this archive, by a path in what they were started with. */
const decoders = (): Process[] =>
  processes().filter(({ cmdline }) => cmdline.includes(`${folder}/`) && !cmdline.includes('verifier.ts'));
const leftInVerifyDir = (config: Config): string[] => {
  try {
    return readdirSync(config.verify.dir);
  } catch {
    return [];
  }
};

/** Starts a verification that is in the middle of decoding when this resolves. */
async function startSlowly(depth: Depth) {
  const config = configured({ PATH: slowPrograms() });
  const abort = new AbortController();
  const events: VerifyEvent[] = [];
  const running = startVerifier(config, orderOf(depth), { signal: abort.signal, log }, (event) =>
    events.push(event),
  );
  await vi.waitFor(
    () => {
      expect(decoders().some(({ cmdline }) => cmdline.includes(`${folder}/slow/zstd`))).toBe(true);
    },
    { timeout: 30_000, interval: 50 },
  );
  return { config, abort, events, running };
}
const nothingIsLeft = (config: Config) =>
  vi.waitFor(
    () => {
      expect([verifiers(), decoders(), leftInVerifyDir(config)]).toEqual([[], [], []]);
    },
    { timeout: 20_000, interval: 50 },
  );

test('a good archive passes and a cut one fails, told event by event; no secret is told', async () => {
  const events: VerifyEvent[] = [];
  const context = { signal: new AbortController().signal, log };
  const config = configured();
  const verify = () => startVerifier(config, orderOf('archive'), context, (event) => events.push(event));
  expect(await verify()).toEqual({
    status: 'PASSED',
    proven: false,
    restoreMs: null,
    place: null,
    error: null,
  });
  cutArchive(backup, 0.4);
  expect(await verify()).toMatchObject({ status: 'FAILED', error: { code: 'integrity' } });
  const kinds = new Set(events.map(({ type }) => type));
  expect(kinds).toEqual(new Set(['progress', 'check', 'log']));
  const told = JSON.stringify(events);
  expect(told).not.toContain(CANARY);
  expect(told).not.toContain('AGE-SECRET-KEY');
  await nothingIsLeft(config);
});

test('it steps back for others, and knows neither the catalogue nor the master key', async () => {
  const { config, abort, running } = await startSlowly('archive');
  const [verifier] = verifiers();
  expect(getPriority(verifier!.pid)).toBe(Math.min(19, getPriority() + 10));
  for (const { pid } of decoders()) expect(getPriority(pid)).toBe(Math.min(19, getPriority() + 10));
  expect(verifier!.environ).not.toMatch(/DATABASE_URL=postgres:\/\/x|HOLDFAST_SECRET|PGPASSWORD/);
  for (const { cmdline } of [...verifiers(), ...decoders()]) {
    expect(cmdline).not.toContain(CANARY);
    expect(cmdline).not.toContain('AGE-SECRET-KEY');
  }
  for (const { environ } of decoders()) expect(environ).not.toContain(CANARY);
  abort.abort(new AppError('cancelled', 'enough'));
  await running;
  await nothingIsLeft(config);
});

test.each(['archive', 'restore'] as const)(
  'cancelled in the middle of %s, it leaves no process and no file',
  async (depth) => {
    const { config, abort, running } = await startSlowly(depth);
    abort.abort(new AppError('cancelled', 'a person cancelled it', { hint: 'Nothing.' }));
    expect(await running).toEqual({
      status: 'UNKNOWN',
      proven: false,
      restoreMs: null,
      place: null,
      error: { code: 'cancelled', message: 'a person cancelled it', hint: 'Nothing.' },
    });
    expect([verifiers(), decoders(), leftInVerifyDir(config)]).toEqual([[], [], []]);
  },
);

test('killed in the middle, it has said nothing about the backup; its programs find no more input and end', async () => {
  const { running } = await startSlowly('archive');
  process.kill(verifiers()[0]!.pid, 'SIGKILL');
  expect(await running).toMatchObject({ status: 'UNKNOWN', proven: false, error: { code: 'tool_failed' } });
  writeFileSync(join(folder, 'slow', 'go'), '');
  await vi.waitFor(
    () => {
      expect(decoders()).toEqual([]);
    },
    { timeout: 20_000, interval: 50 },
  );
});

/** The program itself, as somebody other than startVerifier would run it. */
function spawnVerifier(input: string, path = process.env['PATH'] ?? '') {
  const secrets = verifierEnvironment(configured({ PATH: path }), 'local');
  const env = Object.fromEntries(
    Object.entries(secrets).map(([name, value]) => [name, value instanceof Secret ? value.reveal() : value]),
  );
  const child = spawn(process.execPath, [PROGRAM], {
    env: env as NodeJS.ProcessEnv,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(input);
  return { child, exit: new Promise<number | null>((resolve) => child.once('exit', resolve)) };
}
const decoding = () =>
  vi.waitFor(
    () => {
      expect(decoders().some(({ cmdline }) => cmdline.includes('slow/zstd'))).toBe(true);
    },
    { timeout: 30_000, interval: 50 },
  );

test('told to end, it writes its outcome and exits 0', async () => {
  const { child, exit } = spawnVerifier(JSON.stringify(orderOf('restore')), slowPrograms());
  const output = text(child.stdout);
  await decoding();
  child.kill('SIGTERM');
  expect(await exit).toBe(0);
  const last = (await output).trimEnd().split('\n').at(-1) ?? '';
  expect(VerifyEvent.parse(JSON.parse(last))).toMatchObject({
    type: 'outcome',
    outcome: { status: 'UNKNOWN', error: { code: 'interrupted' } },
  });
  await nothingIsLeft(configured());
});

test('it ends by itself when nobody reads it any more', async () => {
  const { child, exit } = spawnVerifier(JSON.stringify(orderOf('restore')), slowPrograms());
  await decoding();
  child.stdout.destroy();
  expect(await exit).toBe(0);
  await nothingIsLeft(configured());
});

test('an order that cannot be read is no outcome', async () => {
  const { child, exit } = spawnVerifier('{"id": 1}');
  const output = text(child.stdout);
  expect(await exit).not.toBe(0);
  expect(await output).toBe('');
});
