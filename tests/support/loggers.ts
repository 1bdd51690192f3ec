import type { Logger } from '#lib/core/run-context.ts';

const ignore = (): void => undefined;
export const silentLog: Logger = {
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
  child: () => silentLog,
};

/** Adds each message with its fields to `lines`. */
export function notingLog(lines: string[]): Logger {
  const note = (message: string, fields?: object): void => {
    lines.push(message + JSON.stringify(fields ?? {}));
  };
  const log: Logger = { debug: note, info: note, warn: note, error: note, child: () => log };
  return log;
}
