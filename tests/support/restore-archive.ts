import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { Secret } from '#lib/core/secret.ts';
import { findProgram } from '#scripts/programs.mjs';

/** One stock program between two pipes; rejects unless it exits 0. */
function filter(program: string, args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(findProgram(program) ?? program, args, {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const done = new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${program} exited with ${String(code)}: ${stderr}`));
    });
  });
  return { child, done };
}

/** Restores a downloaded archive with stock programs alone, as docs/format.md tells: `age -d | zstd -d | pg_restore`. */
export async function restoreArchive(
  path: string,
  target: Secret,
  { identityFile }: { readonly identityFile?: string } = {},
): Promise<void> {
  const url = new URL(target.reveal());
  const steps = [
    ...(path.endsWith('.age') ? [filter('age', ['-d', '-i', identityFile ?? ''])] : []),
    ...(path.includes('.zst') ? [filter('zstd', ['-d', '-q', '-c'])] : []),
    filter(
      'pg_restore',
      [
        '--exit-on-error',
        '--no-owner',
        '--no-privileges',
        '--dbname',
        url.pathname.slice(1),
        '--host',
        url.hostname,
        '--port',
        url.port,
        '--username',
        url.username,
      ],
      { PGPASSWORD: url.password },
    ),
  ];
  const pipes = steps.map(({ child }, index) =>
    pipeline(index === 0 ? createReadStream(path) : steps[index - 1]!.child.stdout, child.stdin),
  );
  await Promise.all([...pipes, ...steps.map(({ done }) => done)]);
}
