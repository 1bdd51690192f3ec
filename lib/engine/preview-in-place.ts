import { statfs } from 'node:fs/promises';
import type { Manifest } from '../contracts/manifest.ts';
import type { RestorePlan, RestorePreview } from '../contracts/restore.ts';
import { humanBytes } from '../core/bytes.ts';
import { toAppError } from '../core/errors.ts';
import type { Config } from '../platform/config.ts';
import { needEmptyTables } from '../restore/restore-arguments.ts';
import { openLiveTarget } from '../sources/registry.ts';
import type { ServerLook, SourceContext, TableRef } from '../sources/source.ts';
import { clients, finding, listed, ok, type Finding } from './preview-finding.ts';

/** One line each; a database of more tables names the largest. */
const LINES = 50;

const labelOf = ({ schema, name }: TableRef): string => `${schema}.${name}`;

/** What is in the way of restoring over the live database, and what to know before. */
export async function judgeInPlace(
  config: Config,
  plan: RestorePlan,
  { facts, options }: Manifest,
  server: ServerLook,
  ctx: SourceContext,
): Promise<Finding[]> {
  const { targetDatabase: target } = plan;
  if (!server.exists) return [];
  return [
    ...(target === config.source.database
      ? []
      : [
          finding(
            'mode',
            'BLOCKED',
            `${target} is not the database that is backed up here, so no safety backup of it could be kept`,
            'Restore into a new database, or over this one with scripts/restore.sh.',
          ),
        ]),
    server.holds.length === 0
      ? ok('holds', 'nothing keeps the tables from being replaced')
      : finding(
          'holds',
          'BLOCKED',
          `the live database has a ${listed(server.holds)}`,
          'Finish prepared transactions, and drop slots and subscriptions, before its tables can be replaced.',
        ),
    server.otherConnections === 0
      ? ok('connections', 'nobody is connected')
      : finding(
          'connections',
          'WARNING',
          `${clients(server.otherConnections)} connected: they wait while the tables are replaced, and one that holds a lock for a minute stops the restore`,
          'Stop the application first, or swap, which keeps it waiting for a moment only.',
        ),
    ...(options.tables === null || plan.dataOnly
      ? []
      : [
          finding(
            'whole',
            'WARNING',
            'this backup holds chosen tables only',
            'The others stay as they are, and may not go together with the restored ones.',
          ),
        ]),
    ...(plan.schemaOnly || options.schemaOnly
      ? [
          finding(
            'rows',
            'WARNING',
            'the tables come back empty: every row that is in them now will be gone',
            'Only the safety backup holds the rows then.',
          ),
        ]
      : []),
    ...(plan.dataOnly ? [await judgeRows(config, plan, facts.tables, server, ctx)] : []),
    await judgeSafety(config, target, server),
  ];
}

async function judgeRows(
  config: Config,
  { targetDatabase }: RestorePlan,
  tables: Manifest['facts']['tables'],
  server: ServerLook,
  ctx: SourceContext,
): Promise<Finding> {
  const own = tables.filter(({ kind }) => kind !== 'foreign');
  try {
    await needEmptyTables(server, openLiveTarget(config, targetDatabase), own, ctx);
    return ok('rows', 'the tables are there and empty');
  } catch (thrown) {
    ctx.signal.throwIfAborted();
    const { message, hint } = toAppError(thrown);
    return { name: 'rows', state: 'BLOCKED', detail: message, hint: hint ?? null };
  }
}

async function judgeSafety(config: Config, target: string, { sizeBytes }: ServerLook): Promise<Finding> {
  const said = `a safety backup of ${target} (${humanBytes(sizeBytes)} before compression) is taken first`;
  if (config.storage === 's3') return ok('safety-backup', `${said}, into the bucket`);
  try {
    const { bavail, bsize } = await statfs(config.localPath);
    const free = `${said}; ${humanBytes(bavail * bsize)} free in BACKUP_LOCAL_PATH`;
    return bavail * bsize > sizeBytes
      ? ok('safety-backup', free)
      : finding(
          'safety-backup',
          'WARNING',
          free,
          'Make room there: without the safety backup nothing is restored.',
        );
  } catch {
    // It is made with the first backup.
    return ok('safety-backup', said);
  }
}

/** What `--clean` drops, what stays, and the way back. */
export function inPlaceConsequences(
  { targetDatabase: target, dataOnly, schemaOnly }: RestorePlan,
  { facts, options }: Manifest,
  { tables, sizeBytes }: ServerLook,
): Pick<RestorePreview, 'creates' | 'replaces' | 'drops' | 'keeps'> {
  const inBackup = new Set(facts.tables.map(labelOf));
  const there = new Set(tables.map(labelOf));
  const dropped = tables
    .filter((table) => inBackup.has(labelOf(table)))
    .toSorted((a, b) => b.bytes - a.bytes)
    .map((table) => `${labelOf(table)} (${humanBytes(table.bytes)})`);
  const created = facts.tables.map(labelOf).filter((label) => !there.has(label));
  const stay = tables.map(labelOf).filter((label) => !inBackup.has(label));
  const keeps = [
    `a safety backup of ${target} as it is now: restoring it is the way back`,
    ...(stay.length === 0 ? [] : [`what is not in the backup: ${listed(stay)}`]),
  ];
  if (dataOnly)
    return { creates: [`rows in ${String(facts.tableCount)} tables`], replaces: [], drops: [], keeps };
  const content = schemaOnly || options.schemaOnly ? 'empty tables' : 'what is in the backup';
  return {
    creates: created.length === 0 ? [] : [`tables that are not there now: ${listed(created)}`],
    replaces: [`the contents of ${target} (${humanBytes(sizeBytes)}), by ${content}`],
    drops: [
      ...dropped.slice(0, LINES),
      ...(dropped.length > LINES ? [`${String(dropped.length - LINES)} smaller tables`] : []),
    ],
    keeps,
  };
}
