import { createInterface } from 'node:readline';
import { AppError } from '#lib/core/errors.ts';

/** Asks the person who started the command; answers may also be piped in, one a line. */
export interface Prompt extends Disposable {
  /** Null where nobody answers any more. */
  ask(question: string): Promise<string | null>;
}

/** Questions go to stderr, so that stdout holds what the command has to tell. */
export function openPrompt(signal: AbortSignal): Prompt {
  // Without `terminal: false` readline would take Ctrl-C for itself.
  const reader = createInterface({ input: process.stdin, terminal: false });
  const lines: string[] = [];
  let isOver = false;
  let wake: (() => void) | undefined;
  reader.on('line', (line) => {
    lines.push(line);
    wake?.();
  });
  reader.on('close', () => {
    isOver = true;
    wake?.();
  });
  const onAbort = (): void => wake?.();
  signal.addEventListener('abort', onAbort);
  return {
    ask: async (question) => {
      process.stderr.write(question);
      while (lines.length === 0 && !isOver) {
        signal.throwIfAborted();
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      signal.throwIfAborted();
      return lines.shift() ?? null;
    },
    [Symbol.dispose]: () => {
      signal.removeEventListener('abort', onAbort);
      reader.close();
      process.stdin.unref();
    },
  };
}

/** Throws unless exactly this was typed; `flag` is the option that asks nothing. */
export async function confirm(
  prompt: Prompt,
  question: string,
  expected: string,
  flag = '--force',
): Promise<void> {
  const answer = await prompt.ask(question);
  if (answer === expected) return;
  throw answer === null
    ? new AppError('invalid', 'nobody confirmed the restore; nothing was changed', {
        hint: `Run it on a terminal and type ${expected}, or add ${flag}.`,
      })
    : new AppError('invalid', `what was typed is not "${expected}"; nothing was changed`, {
        hint: 'Start again, and type it exactly.',
      });
}
