import { readdir, readFile } from 'node:fs/promises';
import { identityOf } from './process-identity.ts';

const END_AFTER_MS = 3000;
const LOOK_EVERY_MS = 50;

/** What `/proc` tells of a process: words that each end with a NUL. */
const wordsOf = async (pid: number, what: 'cmdline' | 'environ'): Promise<readonly string[]> => {
  try {
    return (await readFile(`/proc/${String(pid)}/${what}`, 'utf8')).split('\0').slice(0, -1);
  } catch {
    // It has gone, or is somebody else's.
    return [];
  }
};

async function groupOf(pid: number): Promise<number | null> {
  try {
    const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]);
  } catch {
    return null;
  }
}

/**
 * Ends a command that a process started which has died since, with everything in its process group: it is known by its own words and
 * by `variable`, `NAME=value`, in its environment. False where none runs on this machine, and on a system that does not tell.
 */
export async function endLeftCommand(command: readonly string[], variable: string): Promise<boolean> {
  const entries = await readdir('/proc').catch(() => []);
  let isFound = false;
  for (const pid of entries.filter((name) => /^\d+$/.test(name)).map(Number)) {
    // A script stands behind the program that reads it.
    const words = (await wordsOf(pid, 'cmdline')).slice(-command.length);
    if (words.length === 0 || words.join('\0') !== command.join('\0')) continue;
    if (!(await wordsOf(pid, 'environ')).includes(variable) || (await groupOf(pid)) !== pid) continue;
    isFound = true;
    await endGroup(pid);
  }
  return isFound;
}

async function endGroup(pid: number): Promise<void> {
  const identity = identityOf(pid);
  const signal = (which: NodeJS.Signals): void => {
    try {
      process.kill(-pid, which);
    } catch {
      // Nothing is left of it.
    }
  };
  signal('SIGTERM');
  for (let waitedMs = 0; waitedMs < END_AFTER_MS && identityOf(pid) === identity; waitedMs += LOOK_EVERY_MS)
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  // What it started may not have listened.
  signal('SIGKILL');
}
