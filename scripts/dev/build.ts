import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { AppError } from '#lib/core/errors.ts';

const SOURCE_FOLDERS = ['app', 'components', 'db', 'lib', 'public'];

function filesUnder(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** A hash of everything that the build of the web pages depends on. */
export function sourceHash(root: string): string {
  const files = [
    ...SOURCE_FOLDERS.flatMap((folder) => filesUnder(join(root, folder))),
    ...readdirSync(root, { withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(ts|tsx|mjs|json)$/.test(entry.name))
      // Next writes this one itself while it builds.
      .filter((entry) => entry.name !== 'next-env.d.ts')
      .map((entry) => join(root, entry.name)),
  ].sort();
  const hash = createHash('sha256').update(process.version);
  for (const file of files) {
    const content = readFileSync(file);
    hash.update(`\0${relative(root, file)}\0${String(content.length)}\0`).update(content);
  }
  return hash.digest('hex');
}

/** Builds the web pages, unless the last build was of these very sources. Throws `tool_failed` with the end of its log. */
export async function buildWeb(options: {
  readonly root: string;
  readonly env: NodeJS.ProcessEnv;
  readonly logFile: string;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}): Promise<void> {
  const folder = join(options.root, options.env['HOLDFAST_DIST_DIR'] ?? '.next');
  const stamp = join(folder, 'holdfast-sources');
  const hash = sourceHash(options.root);
  if (
    existsSync(join(folder, 'BUILD_ID')) &&
    existsSync(stamp) &&
    readFileSync(stamp, 'utf8').trim() === hash
  )
    return;
  options.say('Building the web pages; this takes a minute or two the first time.');
  rmSync(stamp, { force: true });
  const log = openSync(options.logFile, 'w', 0o600);
  const code = await new Promise<number | string | null>((resolve) => {
    const child = spawn(process.execPath, [join(options.root, 'node_modules/next/dist/bin/next'), 'build'], {
      cwd: options.root,
      env: options.env,
      detached: true,
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    const cancel = () => {
      try {
        // The build has workers of its own; the whole group must go.
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It ended by itself in this very moment.
      }
    };
    options.signal.addEventListener('abort', cancel, { once: true });
    child.once('error', (error) => {
      resolve(error.message);
    });
    child.once('exit', (exitCode, signal) => {
      options.signal.removeEventListener('abort', cancel);
      resolve(exitCode ?? signal);
    });
  });
  options.signal.throwIfAborted();
  if (code !== 0) {
    const lines = readFileSync(options.logFile, 'utf8').trimEnd().split('\n');
    // Pages of warnings may follow what broke it.
    const first = lines.findIndex((line) => /\berror\b/i.test(line));
    const tail = (first === -1 ? lines.slice(-20) : lines.slice(first, first + 20)).join('\n');
    throw new AppError('tool_failed', `the build failed (${String(code)}):\n${tail}\n`, {
      hint: `The whole log is ${options.logFile}.`,
    });
  }
  writeFileSync(stamp, `${hash}\n`);
}
