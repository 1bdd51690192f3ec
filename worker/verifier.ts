import { text } from 'node:stream/consumers';
import { VerifyOrder, type VerifyEvent } from '#lib/contracts/verification.ts';
import { systemClock } from '#lib/core/clock.ts';
import { AppError, ERRORS, toAppError } from '#lib/core/errors.ts';
import { loadConfig } from '#lib/platform/config.ts';
import { createLogger } from '#lib/platform/logger.ts';
import { verifyArchive } from '#lib/verify/verify-archive.ts';

const HELP = `Usage: node worker/verifier.ts < order.json

Verifies one stored archive, from the object and its manifest alone. A worker starts it; scripts/backup-verify.sh is for people.
Reads an order (JSON) from stdin, writes events (JSON lines) to stdout, the outcome last. Logs JSON lines to stderr.
SIGTERM or Ctrl-C, or a reader that goes away, ends it with nothing left behind.
Exit codes: 0 an outcome was written, whatever it says; others: the error's (docs/errors.md).
`;
if (process.argv.includes('--help')) {
  process.stdout.write(HELP);
  process.exit(0);
}

const log = createLogger('warn', { process: 'verifier' });
const stopping = new AbortController();
const stop = (why: string): void => {
  stopping.abort(
    new AppError('interrupted', `the verification was interrupted: ${why}`, { hint: 'Start it again.' }),
  );
};
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.on(signal, () => {
    stop('it was told to end');
  });
// Progress is written once a second, so that the death of whoever reads it is noticed within that time.
process.stdout.on('error', () => {
  stop('nobody reads its outcome');
});

const tell = (event: VerifyEvent): void => {
  if (process.stdout.writable) process.stdout.write(`${JSON.stringify(event)}\n`);
};

try {
  // Compiling the schema takes longer than reading one order with it.
  const order = VerifyOrder.parse(JSON.parse(await text(process.stdin)), { jitless: true });
  const outcome = await verifyArchive(loadConfig(), order, tell, {
    runId: order.id,
    signal: stopping.signal,
    clock: systemClock,
    log,
  });
  tell({ type: 'outcome', outcome });
} catch (thrown) {
  const error = toAppError(thrown);
  log.error(error.message, { error, hint: error.hint });
  process.exitCode = ERRORS[error.code].exit;
}
