import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findProgram } from '#scripts/programs.mjs';
import { freePort } from './postgres.ts';
import { eventually } from './worker.ts';

export interface TestRedis extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly folder: string;
  readonly pid: () => number;
  /** One command as the default user; what redis-cli prints. */
  command(...words: readonly string[]): Promise<string>;
  /** With further settings, once it answers; a server that is still loading answers too. */
  start(more?: readonly string[]): Promise<void>;
  stop(signal: NodeJS.Signals): Promise<void>;
}

/** A server of its own on a free port, which saves nothing by itself. `settings` as on its command line: `['--databases', '4']`. */
export async function startRedis(
  password: string,
  settings: readonly string[] = ['--repl-diskless-sync-delay', '0'],
): Promise<TestRedis> {
  const folder = mkdtempSync(join(tmpdir(), 'hf-redis-'));
  const port = await freePort();
  const run = promisify(execFile);
  let server: ChildProcess | undefined;
  const command = async (...words: readonly string[]): Promise<string> => {
    const { stdout } = await run(
      findProgram('redis-cli') ?? '',
      ['-p', String(port), '--no-auth-warning', ...words],
      { env: { NODE_ENV: 'test', REDISCLI_AUTH: password }, maxBuffer: 64 * 1024 * 1024 },
    );
    return stdout.trimEnd();
  };
  const start = async (more: readonly string[] = []): Promise<void> => {
    server = spawn(
      findProgram('redis-server') ?? '',
      [
        ...['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', ''],
        ...['--enable-debug-command', 'yes', '--requirepass', password, ...settings, ...more],
      ],
      { stdio: 'ignore' },
    );
    await eventually(
      async () => /^(PONG|LOADING)/.test(await command('ping')),
      () => 'redis-server does not answer',
    );
  };
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    if (server?.exitCode !== null || server.signalCode !== null) return;
    const gone = new Promise((resolve) => server?.once('exit', resolve));
    server.kill(signal);
    await gone;
  };
  await start();
  return {
    host: '127.0.0.1',
    port,
    folder,
    pid: () => server?.pid ?? -1,
    command,
    start,
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
