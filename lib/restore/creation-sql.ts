import { text } from 'node:stream/consumers';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../core/errors.ts';
import type { SourceContext, TableRef } from '../sources/source.ts';
import type { CreationSql } from '../sources/tables-target.ts';
import { startChain } from '../tools/start-chain.ts';
import { lastLine } from '../tools/start-tool.ts';
import type { OpenedArchive } from '../verify/opened-archive.ts';
import { linesOf, selectTables, type Contents } from './dump-contents.ts';

/** What pg_restore prints before the first object are settings for a session of its own, which not every server knows. */
function withoutHead(script: string): string {
  const start = script.indexOf('\n-- Name: ');
  const body = start === -1 ? '' : script.slice(start);
  // For psql alone: newer versions wrap what they print.
  return body.replaceAll(/^\\(?:un)?restrict .*$/gm, '');
}

/**
 * The statements by which the backup makes these tables and all that is built on them. `folder` is where the entries are written
 * down. Throws `conflict` where one cannot be made without another that was not chosen.
 */
export async function creationSql(
  { file, pgRestore }: Pick<OpenedArchive, 'file' | 'pgRestore'>,
  contents: Contents,
  known: readonly TableRef[],
  missing: readonly TableRef[],
  { folder, noOwner }: { readonly folder: string; readonly noOwner: boolean },
  ctx: SourceContext,
): Promise<CreationSql> {
  const { list } = select(contents, known, missing);
  const listFile = join(folder, 'creation.list');
  const entries = contents.entries.filter(({ id }) => list.has(id));
  await writeFile(listFile, linesOf(entries), { mode: 0o600 });
  const print = async (section: 'pre-data' | 'post-data'): Promise<string> => {
    const args = [
      `--section=${section}`,
      `--use-list=${listFile}`,
      '--no-tablespaces',
      ...(noOwner ? ['--no-owner', '--no-privileges'] : []),
      '--file=-',
      file,
    ];
    const chain = startChain(ctx, [{ file: pgRestore, args }], 'pipe');
    chain.input.end();
    const printed = await text(chain.output);
    const [link] = await chain.links;
    ctx.signal.throwIfAborted();
    if (link?.startError !== undefined) throw link.startError;
    if (link?.exit.code !== 0) {
      throw new AppError('restore_failed', `pg_restore failed: ${lastLine(link?.exit.stderrTail ?? '')}`, {
        hint: 'The live tables are as before.',
      });
    }
    return withoutHead(printed);
  };
  return { before: await print('pre-data'), after: await print('post-data') };
}

function select(contents: Contents, known: readonly TableRef[], missing: readonly TableRef[]) {
  const wanted = missing.map(({ schema, name }) => `${schema}.${name}`);
  try {
    return selectTables(contents, known, wanted, false);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw new AppError('conflict', `a table that is not there cannot be made: ${error.message}`, {
      hint: 'Choose both tables, or bring them into a side schema. The live tables are as before.',
      cause: error,
    });
  }
}
