import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '#lib/core/clock.ts';
import type { Config } from '#lib/platform/config.ts';

/** One line with the time, to stderr and `<data dir>/restore.log`: what was restored where, and how it ended. */
export function logRestore(config: Config, line: string): void {
  // A name may hold anything; a log has one event a line.
  const text = `[${systemClock.now().toISOString()}] ${line.replaceAll(/[\u0000-\u001f\u007f]/g, ' ')}\n`;
  process.stderr.write(text);
  try {
    mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });
    appendFileSync(join(config.dataDir, 'restore.log'), text, { mode: 0o600 });
  } catch {
    process.stderr.write(`warning: ${join(config.dataDir, 'restore.log')} cannot be written to\n`);
  }
}
