import { AppError } from '../../core/errors.ts';
import type { Config, FilesPlace } from '../../platform/config.ts';
import { findGnuTar } from '../../tools/find-gnu-tar.ts';
import { NICENESS } from '../../tools/spawn-tool.ts';
import { startTool } from '../../tools/start-tool.ts';
import { pathFacts } from '../path-facts.ts';
import type { Dump, DumpOptions, Source, SourceContext, SourceLook, SourceProbe } from '../source.ts';
import { translateFileError, translateTarExit } from './files-errors.ts';
import { readTar } from './read-tar.ts';
import { selectFiles, type Selection } from './select-files.ts';
import { countBytes, findForbidden, storedBytes } from './survey-files.ts';
import { hearTar } from './tar-words.ts';
import { sumTree } from './tree-facts.ts';
import { walkTree } from './walk-tree.ts';

/**
 * A folder (the data of a Docker volume, too), chosen entries below one, or a single file, by way of stock GNU tar. Other file
 * systems that are mounted below it are part of it. Left out are what `place.excludes` names, sockets, ACLs and
 * extended attributes. Files that are written to while tar reads them fail nothing: they are named in the facts.
 */
export function createFilesSource(config: Config, place: FilesPlace): Source {
  const survey = async <T>(ctx: SourceContext, take: (selection: Selection) => Promise<T>): Promise<T> => {
    ctx.signal.throwIfAborted();
    const selection = await selectFiles(place);
    try {
      return await take(selection);
    } catch (error) {
      ctx.signal.throwIfAborted();
      throw translateFileError(error, place.path);
    }
  };

  const probe = async (ctx: SourceContext): Promise<SourceProbe> => {
    const sizeBytes = await survey(ctx, ({ walk }) => countBytes(ctx, walk));
    const { version } = await findGnuTar(config, ctx);
    return { productVersion: version, database: place.path, sizeBytes, tools: { tar: version } };
  };

  const look = async (ctx: SourceContext): Promise<SourceLook> => {
    const { productVersion, sizeBytes } = await probe(ctx);
    const forbidden = await survey(ctx, ({ walk }) => findForbidden(ctx, walk));
    return { productVersion, sizeBytes, isSuperuser: false, forbidden };
  };

  const dump = async (ctx: SourceContext, options: DumpOptions): Promise<Dump> => {
    refuseParts(options);
    const { directory, names, estimateBytes } = await survey(ctx, async (selection) => {
      let bytes = 0;
      for await (const entry of walkTree(ctx, selection.walk)) bytes += storedBytes(entry);
      return { ...selection, estimateBytes: bytes };
    });
    const tar = await findGnuTar(config, ctx);
    const words = hearTar();
    const sum = sumTree();
    const reading = readTar({ tell: sum.add, needsHash: () => true });
    const run = startTool(ctx, {
      file: tar.file,
      args: [
        '--create',
        '--format=posix',
        // The usual name of an extended header has the number of a process in it, and times of access are of no use.
        '--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime',
        '--numeric-owner',
        '--sort=name',
        // A backslash in a name is one.
        '--no-unquote',
        ...place.excludes.map((pattern) => `--exclude=${pattern}`),
        `--directory=${directory}`,
        '--file=-',
        // What a pipe holds: with the usual 10 KiB half as much gets through.
        '--record-size=65536',
        '--',
        ...names,
      ],
      niceness: NICENESS,
      tap: (chunk) => {
        try {
          reading.feed(chunk);
        } catch (error) {
          // What cannot be read now could not be restored either.
          run.stdout.destroy(error as Error);
        }
      },
      tapLine: words.hear,
      // 1: something changed while tar read it. The archive is whole, and the facts name what that was.
      goodCodes: [0, 1],
      failure: (exit) => translateTarExit(exit, place.path),
    });
    return {
      body: run.stdout,
      snapshot: null,
      tables: [],
      facts: async () => {
        // The last that tar says of what changed comes after its last byte.
        await run.exit;
        ctx.signal.throwIfAborted();
        reading.end();
        const { changed, changedCount, skipped } = words.said();
        const found = sum.facts();
        return pathFacts({
          files: { ...found, others: found.others + skipped, changed: [...changed], changedCount },
        });
      },
      excludedTables: [],
      estimateBytes,
      [Symbol.asyncDispose]: async () => {
        run.stdout.destroy();
        await run.exit;
      },
    };
  };

  return { kind: 'files', probe, look, dump };
}

function refuseParts({ tables, schemaOnly }: DumpOptions): void {
  if (tables === null && !schemaOnly) return;
  throw new AppError('invalid', 'files have no tables to choose from', {
    hint: 'Leave out the choice of tables, and ask for everything.',
    fields: { field: tables === null ? 'schemaOnly' : 'tables' },
  });
}
