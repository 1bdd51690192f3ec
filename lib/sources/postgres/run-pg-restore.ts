import type { PostgresConfig } from '../../platform/config.ts';
import type { Secret } from '../../core/secret.ts';
import type { ToolExit } from '../../tools/spawn-tool.ts';
import { startTool } from '../../tools/start-tool.ts';
import type { SourceContext } from '../source.ts';

/** Settings that a database, role or server may prefer otherwise, and that would break a restore. */
const OPTIONS = [
  'default_transaction_read_only=off',
  'statement_timeout=0',
  'lock_timeout=0',
  'idle_in_transaction_session_timeout=0',
  'jit=off',
]
  .map((setting) => `-c ${setting}`)
  .join(' ');

const quote = (value: string): string => `'${value.replaceAll(/['\\]/g, String.raw`\$&`)}'`;

/** Runs pg_restore over `file` into the database of `address`. Throws the reason of the signal; its exit is the answer. */
export async function runPgRestore(
  ctx: SourceContext,
  program: string,
  address: PostgresConfig,
  args: readonly string[],
  file: string,
  applicationName = 'holdfast-verify',
  tapLine?: (line: string) => void,
): Promise<ToolExit> {
  const env: Record<string, Secret | string> = {
    PGHOST: address.host,
    PGPORT: String(address.port),
    PGUSER: address.user,
    PGAPPNAME: applicationName,
    PGCONNECT_TIMEOUT: '10',
    PGOPTIONS: OPTIONS,
    ...(address.password === null ? {} : { PGPASSWORD: address.password }),
    ...(address.sslMode == null ? {} : { PGSSLMODE: address.sslMode }),
    ...(address.sslRootCert === null ? {} : { PGSSLROOTCERT: address.sslRootCert }),
  };
  const run = startTool(ctx, {
    file: program,
    args: [
      '--exit-on-error',
      '--no-password',
      '--no-tablespaces',
      ...args,
      `--dbname=dbname=${quote(address.database)}`,
      file,
    ],
    env,
    ...(tapLine === undefined ? {} : { tapLine }),
  });
  run.stdout.resume();
  const exit = await run.exit;
  ctx.signal.throwIfAborted();
  return exit;
}
