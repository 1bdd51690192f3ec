import { setTimeout as sleep } from 'node:timers/promises';
import { identityOf } from '#lib/tools/process-identity.ts';

export interface StopStep {
  readonly signal: NodeJS.Signals;
  /** How long the process may take after this signal before the next one is sent. */
  readonly limitMs: number;
}

function send(pid: number, signal: NodeJS.Signals, isGroup: boolean): void {
  try {
    process.kill(isGroup ? -pid : pid, signal);
  } catch {
    // It went away between the look and the signal.
  }
}

/**
 * Sends the signals in order until the process is gone; SIGKILL to it (and to its group) follows the last. Does
 * nothing when `identity` is no longer that of a running process. Returns the signal that ended it, or null.
 */
export async function stopProcess(
  pid: number,
  identity: string | null,
  steps: readonly StopStep[],
  options: { readonly isGroup: boolean },
): Promise<NodeJS.Signals | null> {
  const isGone = () => identity === null || identityOf(pid) !== identity;
  let last: NodeJS.Signals | null = null;
  for (const { signal, limitMs } of [...steps, { signal: 'SIGKILL' as const, limitMs: 5000 }]) {
    if (isGone()) return last;
    last = signal;
    send(pid, signal, signal === 'SIGKILL' && options.isGroup);
    for (let waitedMs = 0; waitedMs < limitMs && !isGone(); waitedMs += 25) await sleep(25);
  }
  return last;
}
