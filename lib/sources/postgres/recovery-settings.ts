import { join } from 'node:path';
import { microsText } from '../../core/micros.ts';
import { shellWord } from '../../core/shell-word.ts';
import type { RecoveryOrder, RecoveryTarget } from '../recovery-server.ts';

/** In the data folder, beside the files of the server that was copied, which stay as they are. */
export const SETTINGS_FILE = 'holdfast.conf';
export const HBA_FILE = 'holdfast_hba.conf';
export const AUTO_FILE = 'postgresql.auto.conf';
export const AUTO_FILE_KEPT = 'postgresql.auto.conf.before_recovery';

/** A value in a configuration file of PostgreSQL, where a backslash begins an escape. */
const quoted = (value: string): string => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;

/** Fails quietly for what is not there: the server asks for segments and timelines that do not exist. */
export function restoreCommand(walFolder: string): string {
  const folder = shellWord(walFolder).replaceAll('%', '%%');
  return `test -f ${folder}/%f && cp ${folder}/%f "%p"`;
}

function targetSettings(target: RecoveryTarget): Record<string, string> {
  switch (target.kind) {
    case 'time':
      return { recovery_target_time: microsText(target.micros) };
    case 'lsn':
      return { recovery_target_lsn: target.lsn };
    case 'xid':
      return { recovery_target_xid: target.xid };
    case 'name':
      return { recovery_target_name: target.name };
    case 'latest':
      return {};
  }
}

/**
 * What the copy runs with instead of its own configuration, which is that of another machine: it may name files that are not here, and
 * an archive_command into the very log it is recovered from.
 */
const common = ({ folder, port }: RecoveryOrder): Record<string, string> => ({
  port: String(port),
  unix_socket_directories: folder,
  unix_socket_permissions: '0700',
  hba_file: join(folder, HBA_FILE),
  archive_mode: 'off',
  // Workers of a copy would take changes from the publishers that the live server waits for.
  max_logical_replication_workers: '0',
  max_wal_senders: '0',
  max_prepared_transactions: '1000',
  max_locks_per_transaction: '512',
  logging_collector: 'off',
  log_destination: 'stderr',
  timezone: 'UTC',
  log_timezone: 'UTC',
});

const text = (settings: Record<string, string>): string =>
  Object.entries(settings)
    .map(([name, value]) => `${name} = ${quoted(value)}\n`)
    .join('');

/** While it is recovered and looked at. */
export const recoverySettings = (order: RecoveryOrder): string =>
  text({
    ...common(order),
    listen_addresses: '',
    // With it, the server would wait for ever where the copied one was given more connections later on.
    hot_standby: 'off',
    autovacuum: 'off',
    restore_command: restoreCommand(order.walFolder),
    recovery_target_timeline: String(order.timeline),
    ...targetSettings(order.target),
    ...('isExclusive' in order.target
      ? { recovery_target_inclusive: order.target.isExclusive ? 'off' : 'on' }
      : {}),
    recovery_target_action: 'promote',
    // What it says is read here.
    lc_messages: 'C',
    log_line_prefix: '',
    log_min_messages: 'warning',
    // A statement may hold what the archive encrypts.
    log_min_error_statement: 'panic',
  });

/** When it runs on for people. */
export const runningSettings = (order: RecoveryOrder): string =>
  text({ ...common(order), listen_addresses: '127.0.0.1' });

/** By the socket only who may enter the folder: the server's user and root; by address whoever knows a password of the copied server. */
export const HBA_TEXT = 'local all all trust\nhost all all 127.0.0.1/32 md5\n';
