import { readdirSync, readFileSync } from 'node:fs';

/** The processes that this one has started and that have not gone, with their command lines. */
export function childrenOf(parent: number): { readonly pid: number; readonly argv: string }[] {
  return readdirSync('/proc').flatMap((name) => {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      // The program's name is in brackets and may itself contain spaces and brackets.
      const [state, owner] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (Number(owner) !== parent || state === 'Z') return [];
      return [
        { pid: Number(name), argv: readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ') },
      ];
    } catch {
      return [];
    }
  });
}

/** Ends them where they have not gone by themselves. */
export function endAll(children: readonly { readonly pid: number }[]): void {
  for (const { pid } of children) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has gone.
    }
  }
}
