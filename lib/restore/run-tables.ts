import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TablesInto } from '../contracts/restore.ts';
import { humanBytes } from '../core/bytes.ts';
import { AppError } from '../core/errors.ts';
import { sideNames } from '../core/side-schema.ts';
import type { Config } from '../platform/config.ts';
import { openRestoreServer, openTablesTarget } from '../sources/registry.ts';
import type { BroughtTable, TablesOrder } from '../sources/tables-target.ts';
import { listDump } from '../verify/list-dump.ts';
import { chooseTables, type ChosenTables } from './choose-tables.ts';
import { creationSql } from './creation-sql.ts';
import { readContents, type Contents } from './dump-contents.ts';
import { openBackup, type OpenedBackup } from './open-backup.ts';
import type { CopyOrder, CopyPorts, RestoreContext } from './restore-order.ts';
import { rowsList } from './rows-list.ts';
import { createCopy, freeName, unprovenOf } from './run-copy.ts';
import { runMetered } from './run-metered.ts';
import { DECODED } from './run-progress.ts';

/** Where the tables go in the live database. */
export type TablesPlace = Pick<TablesOrder, 'sideSchema' | 'keepSchema'> & { readonly into: TablesInto };

export interface TablesResult {
  readonly restoreMs: number;
  readonly brought: readonly BroughtTable[];
}

/** Where in the whole run each step ends. */
const FILLED = 0.5;
const COMPARED = 0.6;
const STAGED = 0.8;

/**
 * Restores the rows of the chosen tables into a copy beside the live database, holds them against the facts, and brings them over.
 * Throws what stopped it: whether the live tables were changed then is for the caller to ask of TablesTarget.settle, and the copy
 * is for it to drop.
 */
export async function runTables(
  config: Config,
  order: CopyOrder,
  { into, sideSchema, keepSchema }: TablesPlace,
  ports: CopyPorts & {
    /** Does `act`, which touches the live tables, between the commands that were asked for. */
    readonly withHooks: <T>(act: () => Promise<T>) => Promise<T>;
  },
  ctx: RestoreContext,
): Promise<TablesResult> {
  const { id, plan } = order;
  const target = openTablesTarget(config);
  const folder = join(config.verify.dir, `restore-${id}`);
  try {
    ports.moved({ phase: 'decoding', fraction: 0, table: null, tablesDone: 0, tableCount: 0 });
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const opened = await openBackup(config, order, folder, ports, ctx);
    const { manifest } = opened;
    ports.say(`decoded: ${humanBytes(manifest.plain.bytes)} of dump`);
    const chosen = needChosen(chooseTables(manifest.facts, plan.tables ?? []));
    const { database, restoreMs, contents } = await fillCopy(
      config,
      order,
      opened,
      chosen,
      folder,
      ports,
      ctx,
    );

    const count = chosen.tables.length;
    const moved = (
      phase: 'comparing' | 'finishing',
      table: string | null,
      done: number,
      fraction: number,
    ) => {
      ports.moved({ phase, table, tablesDone: done, tableCount: count, fraction });
    };
    moved('comparing', null, 0, FILLED);
    const checks = await target.compare(ctx, database, manifest.facts, chosen.members);
    for (const check of checks) ports.found(check);
    const unproven = unprovenOf(checks);
    if (unproven.length > 0) {
      throw new AppError(
        'verification_failed',
        `the restored rows are not what was backed up: ${unproven.slice(0, 5).join(', ')}`,
        { hint: 'The live tables are as before; look at the checks, and restore another backup.' },
      );
    }

    const names = sideNames(chosen.tables);
    const tables: TablesOrder = {
      id,
      copy: database,
      live: plan.targetDatabase,
      into,
      sideSchema,
      keepSchema,
      tables: chosen.tables.map(({ schema, name }, index) => ({
        schema,
        name,
        sideName: names[index] ?? name,
      })),
      program: opened.pgRestore,
    };
    await target.stage(ctx, tables, ({ schema, name }, done) => {
      moved('comparing', `${schema}.${name}`, done, COMPARED + (STAGED - COMPARED) * (done / count));
    });
    ports.say(
      `the tables stand in ${plan.targetDatabase} as the backup has them, in the schema ${sideSchema}`,
    );
    moved('finishing', null, 0, STAGED);
    const brought = await ports.withHooks(() =>
      target.bring(
        ctx,
        tables,
        (missing) =>
          creationSql(
            opened,
            contents,
            manifest.facts.tables,
            missing,
            { folder, noOwner: plan.noOwner },
            ctx,
          ),
        ({ schema, name }, done) => {
          moved('finishing', `${schema}.${name}`, done, STAGED + (1 - STAGED) * (done / count));
        },
        (line) => {
          ports.say(line);
        },
      ),
    );
    return { restoreMs, brought };
  } finally {
    await rm(folder, { recursive: true, force: true }).catch((error: unknown) => {
      ctx.log.warn('could not remove what a restore left', { folder, error });
    });
  }
}

function needChosen(chosen: ChosenTables): ChosenTables {
  const [missing] = chosen.missing;
  if (missing !== undefined) {
    throw new AppError('invalid', `there is no table "${missing}" in the backup`, {
      hint: 'Write the name as the database has it, with its schema where needed: "sales.items".',
      fields: { field: 'tables' },
    });
  }
  return chosen;
}

/** Every definition, and the rows of the chosen tables alone; without owners, because nobody but this restore uses it. */
async function fillCopy(
  config: Config,
  order: CopyOrder,
  opened: OpenedBackup,
  { members }: ChosenTables,
  folder: string,
  ports: CopyPorts,
  ctx: RestoreContext,
): Promise<{ readonly database: string; readonly restoreMs: number; readonly contents: Contents }> {
  const server = openRestoreServer(config);
  const database = await freeName(server, order.plan.targetDatabase, ctx);
  await ports.noteCopy(database);
  await createCopy(server, order, opened.manifest, database, ctx);
  ports.say(`created ${database}`);
  const contents = readContents(await listDump(opened, ctx));
  const list = rowsList(contents, members);
  const listFile = join(folder, 'rows.list');
  await writeFile(listFile, list, { mode: 0o600 });
  const restoreMs = await runMetered(
    server,
    {
      database,
      opened,
      args: [
        `--jobs=${String(config.verify.jobs)}`,
        '--section=pre-data',
        '--section=data',
        '--no-owner',
        '--no-privileges',
        `--use-list=${listFile}`,
      ],
      tables: members,
      list,
      from: DECODED,
      to: FILLED,
    },
    ports,
    ctx,
  );
  return { database, restoreMs, contents };
}
