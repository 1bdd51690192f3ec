import { systemClock } from '#lib/core/clock.ts';

/** One line on stdout, with its instant. */
export function say(line: string): void {
  process.stdout.write(`[${systemClock.now().toISOString()}] ${line}\n`);
}
