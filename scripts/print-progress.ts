import { humanBytes } from '#lib/core/bytes.ts';
import { systemClock } from '#lib/core/clock.ts';
import type { RunContext } from '#lib/core/run-context.ts';
import { say } from './say.ts';

/** Tells each new phase, and how far it is once a second. */
export function printProgress(): RunContext['progress'] {
  let phase = '';
  let saidAt = 0;
  return (update) => {
    const now = systemClock.now().getTime();
    if (update.phase === phase && now - saidAt < 1000) return;
    phase = update.phase;
    saidAt = now;
    const of = update.totalBytes === undefined ? '' : ` of about ${humanBytes(update.totalBytes)}`;
    say(`${phase}: ${humanBytes(update.bytes)}${of}`);
  };
}
