import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '#lib/core/errors.ts';
import { identityOf } from '#lib/tools/process-identity.ts';
import { stopProcess, type StopStep } from './stop-process.ts';

export interface ChildRecord {
  readonly name: string;
  readonly pid: number;
  readonly identity: string | null;
}
interface RunRecord {
  readonly pid: number;
  readonly identity: string | null;
  readonly children: readonly ChildRecord[];
}

/** What one quickstart keeps in HOLDFAST_DATA_DIR. */
export interface DataFolder {
  readonly path: string;
  readonly logs: string;
  /** Remembers the processes this run started, so that the next start can end them should this one be killed. */
  recordChildren(children: readonly ChildRecord[]): void;
  /** Lets another quickstart use the folder. */
  release(): void;
}

/** Replaces a private file in one step, so that a crash leaves the old or the new one. */
export function writePrivateFile(path: string, content: string): void {
  const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  writeFileSync(temporary, content, { mode: 0o600, flag: 'wx', flush: true });
  renameSync(temporary, path);
}

/** 192 random bits that need no quoting in a shell, a URL or SQL. */
export const newSecret = (): string => randomBytes(24).toString('base64url');

/** KEY='VALUE' lines for `<data dir>/env`, readable by node:util parseEnv. */
export function formatEnv(values: Readonly<Record<string, string>>): string {
  const lines = Object.entries(values).map(([name, value]) => {
    const quote = ["'", '`', '"'].find((one) => !value.includes(one));
    if (quote === undefined || /[\r\n]/.test(value)) {
      throw new AppError('config', `${name} holds a line break or all kinds of quotes`, {
        hint: `Choose a simpler value for ${name}.`,
      });
    }
    return `${name}=${quote}${value}${quote}`;
  });
  return `# Written by npm run quickstart at each start. Put your own settings into .env, which wins.\n${lines.join('\n')}\n`;
}

function readRun(path: string): RunRecord | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as RunRecord;
  } catch {
    return null;
  }
}

async function endLeftovers(run: RunRecord, say: (line: string) => void): Promise<void> {
  const steps: readonly StopStep[] = [{ signal: 'SIGTERM', limitMs: 10_000 }];
  for (const child of run.children) {
    // The database has a way of its own to be stopped, and is found by its data folder.
    if (child.name === 'postgres' || identityOf(child.pid) !== child.identity) continue;
    say(`Stopping the ${child.name} process ${String(child.pid)} that an earlier start left behind.`);
    await stopProcess(child.pid, child.identity, steps, { isGroup: true });
  }
}

/**
 * Makes the folder (private; passable for root, whose database runs as another user) and takes it for this process.
 * Throws `locked` while another quickstart has it. What a killed one left running is stopped first.
 */
export async function openDataFolder(path: string, say: (line: string) => void): Promise<DataFolder> {
  if (!existsSync(path)) mkdirSync(path, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 });
  const logs = join(path, 'logs');
  mkdirSync(logs, { recursive: true, mode: 0o700 });

  const runFile = join(path, 'quickstart.json');
  const mine = { pid: process.pid, identity: identityOf(process.pid) };
  const take = () => {
    writeFileSync(runFile, JSON.stringify({ ...mine, children: [] } satisfies RunRecord), {
      mode: 0o600,
      flag: 'wx',
    });
  };
  try {
    take();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const other = readRun(runFile);
    if (other?.identity != null && identityOf(other.pid) === other.identity) {
      throw new AppError('locked', `another quickstart (process ${String(other.pid)}) is using ${path}`, {
        hint: 'Use that one, stop it with Ctrl-C, or set HOLDFAST_DATA_DIR to another folder for a second one.',
      });
    }
    if (other !== null) await endLeftovers(other, say);
    rmSync(runFile, { force: true });
    take();
  }
  return {
    path,
    logs,
    recordChildren: (children) => {
      writePrivateFile(runFile, JSON.stringify({ ...mine, children } satisfies RunRecord));
    },
    release: () => {
      rmSync(runFile, { force: true });
    },
  };
}
