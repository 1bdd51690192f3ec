import { AppError, ERRORS, toAppError } from '#lib/core/errors.ts';
import { loadConfig } from '#lib/platform/config.ts';
import { createLogger } from '#lib/platform/logger.ts';
import { startWorker, type Worker } from './worker.ts';

const SIGNAL_EXIT = { SIGINT: 130, SIGTERM: 143 } as const;

const HELP = `Usage: npm run worker

Takes scheduled and manual backups, removes expired ones and puts right what dead workers left. Any number of workers may
share one catalogue. Reads the environment and .env; README lists the variables. Logs JSON lines to stderr.
SIGTERM or Ctrl-C: a running backup may finish within 30 seconds, then it is aborted cleanly. A second one ends at once.
Exit codes: 0 stopped, 1 a fault in Holdfast (start it again), 20 configuration, 130 or 143 ended by a second signal.
`;
if (process.argv.includes('--help')) {
  process.stdout.write(HELP);
  process.exit(0);
}

function start(): Worker {
  try {
    return startWorker(loadConfig());
  } catch (thrown) {
    const error = toAppError(thrown);
    createLogger('error', { process: 'worker' }).error(error.message, { error, hint: error.hint });
    process.exit(ERRORS[error.code].exit);
  }
}

const worker = start();

let isStopping = false;
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    // The second one means: at once. What that leaves is put right by the next start, as after any crash.
    if (isStopping) process.exit(SIGNAL_EXIT[signal]);
    isStopping = true;
    worker.stop().then(
      () => process.exit(0),
      () => process.exit(ERRORS.bug.exit),
    );
  });
}
process.on('unhandledRejection', (reason) => {
  // Code that lost a promise is a bug of its own part; the running backup and the next ones must not die of it.
  createLogger('error', { process: 'worker' }).error('a promise was rejected and nobody looked', {
    error: reason instanceof Error ? reason : new AppError('bug', String(reason)),
  });
});
// What was thrown outside of any promise (postgres.js does, where a server goes away under a pending write) may have left
// a connection unusable. The running backup may finish; then a fresh process must take over.
process.on('uncaughtException', (error) => {
  createLogger('error', { process: 'worker' }).error(
    'an exception reached nobody; this worker ends once its running backup is over',
    { error },
  );
  if (isStopping) return;
  isStopping = true;
  const end = () => process.exit(ERRORS.bug.exit);
  worker.stop(loadConfig().timeoutMinutes * 60_000).then(end, end);
});
