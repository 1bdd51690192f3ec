import { pino } from 'pino';
import type { Logger } from '../core/run-context.ts';
import { AppError } from '../core/errors.ts';

function plain(fields: object): object {
  const out: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields))
    out[name] = value instanceof Error ? describe(value) : value;
  return out;
}

/** An error for the log: codes and stacks with their causes, but not drizzle's message, which holds query parameters. */
function describe(error: Error): object {
  // drizzle's error calls itself plain Error; what tells it apart is that it carries the query and its parameters.
  const isDrizzle = 'query' in error && 'params' in error;
  return {
    name: error.name,
    ...(error instanceof AppError ? { code: error.code, fields: error.fields } : {}),
    message: isDrizzle ? 'a catalogue query failed' : error.message,
    ...(isDrizzle ? {} : { stack: error.stack }),
    ...(error.cause instanceof Error ? { cause: describe(error.cause) } : {}),
  };
}

/** One JSON line an event on stderr, so that stdout stays free for what a command prints. */
export function createLogger(level: 'debug' | 'info' | 'warn' | 'error', fields: object = {}): Logger {
  const wrap = (target: pino.Logger): Logger => ({
    debug: (msg, more = {}) => {
      target.debug(plain(more), msg);
    },
    info: (msg, more = {}) => {
      target.info(plain(more), msg);
    },
    warn: (msg, more = {}) => {
      target.warn(plain(more), msg);
    },
    error: (msg, more = {}) => {
      target.error(plain(more), msg);
    },
    child: (more) => wrap(target.child(plain(more))),
  });
  const root = pino(
    {
      level,
      base: fields,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    pino.destination({ dest: 2, sync: true }),
  );
  return wrap(root);
}
