import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';

/**
 * Something that tells this process from a later one with the same id (its start time and, on Linux, the boot it
 * belongs to), or null when no such process runs.
 */
export function identityOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    // The program's name is in brackets and may itself contain spaces and brackets.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie runs no more.
    if (fields[0] === 'Z') return null;
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}:${fields[19] ?? ''}`;
  } catch {
    if (process.platform === 'linux') return null;
  }
  try {
    const started = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    return started === '' ? null : started;
  } catch {
    return null;
  }
}

/** Whether this process is a PostgreSQL server on this data folder. Unknown counts as no. */
export function isPostgresOn(pid: number, dataPath: string): boolean {
  try {
    if (process.platform === 'linux') {
      const command = readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8').split('\0');
      return /postgres$/.test(command[0] ?? '') && readlinkSync(`/proc/${String(pid)}/cwd`) === dataPath;
    }
    const command = execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
    return command.includes('postgres') && command.includes(dataPath);
  } catch {
    return false;
  }
}
