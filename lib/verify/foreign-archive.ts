import { createReadStream, createWriteStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { StageRecord } from '../contracts/manifest.ts';
import { AppError } from '../core/errors.ts';
import { findDecoders } from '../pipeline/decode-stage.ts';
import type { Config } from '../platform/config.ts';
import type { Storage } from '../storage/storage.ts';
import { listPostgresTools } from '../tools/find-postgres-tools.ts';
import { startChain, type ChainRun } from '../tools/start-chain.ts';
import { decodeFailure } from './decode-failure.ts';
import type { ArchivePlace, OpenedArchive, OpenOptions } from './opened-archive.ts';
import { readInto } from './read-object.ts';
import type { VerifyContext } from './verify-run.ts';

const STAGES = { zst: 'zstd', gz: 'gzip', age: 'age' } as const;

/** What was done to the bytes, in order, as the extensions tell. */
function stagesOf(key: string): StageRecord[] {
  const stages: StageRecord[] = [];
  let rest = key;
  for (;;) {
    const extension = /\.(zst|gz|age)$/.exec(rest)?.[1] as keyof typeof STAGES | undefined;
    if (extension === undefined) return stages.reverse();
    stages.push({ stage: STAGES[extension], version: 1, params: {} });
    rest = rest.slice(0, -extension.length - 1);
  }
}

/** An archive that no manifest tells of: its name says how it was packed, and reading it to its end whether all of it is there. */
export async function openForeignArchive(
  config: Config,
  storage: Storage,
  place: ArchivePlace,
  options: OpenOptions,
  ctx: VerifyContext,
): Promise<OpenedArchive> {
  const storedBytes = await sizeOf(storage, place, ctx);
  const stages = stagesOf(place.key);
  if (stages.some(({ stage }) => stage === 'age') && config.ageIdentityFile === null) {
    throw new AppError('wrong_key', 'the archive is encrypted, and no private key is configured here', {
      hint: 'Name the file with the private key in BACKUP_AGE_IDENTITY_FILE, or with --identity.',
    });
  }
  const decoders = await findDecoders(config, stages, config.ageIdentityFile, ctx);
  let file = place.path;
  if (file === null || decoders.length > 0) {
    file = join(options.folder, 'plain.dump');
    const body = place.path === null ? await storage.get(ctx, place.key) : createReadStream(place.path);
    await unpack(body, decoders, file, ctx);
  }
  return {
    file,
    pgRestore: await findReader(config, file, options.serverMajor, ctx),
    manifest: null,
    storedBytes,
  };
}

async function sizeOf(storage: Storage, { path, key }: ArchivePlace, ctx: VerifyContext): Promise<number> {
  const size =
    path === null
      ? (await storage.stat(ctx, key))?.sizeBytes
      : await stat(path).then(
          (found) => found.size,
          () => undefined,
        );
  if (size !== undefined) return size;
  throw new AppError('object_missing', `there is no archive ${path ?? key}`, {
    hint: 'Check the name; the list of backups shows what there is.',
  });
}

async function unpack(
  body: Readable,
  [first, ...others]: Awaited<ReturnType<typeof findDecoders>>,
  file: string,
  ctx: VerifyContext,
): Promise<void> {
  if (first === undefined) {
    await pipeline(body, createWriteStream(file, { flags: 'wx', mode: 0o600 }), { signal: ctx.signal });
    return;
  }
  await using output = await open(file, 'wx', 0o600);
  const chain = startChain(ctx, [first, ...others], output.fd);
  try {
    await readInto(body, chain.input, ctx.signal, () => undefined);
  } catch (error) {
    chain.stop();
    throw error;
  } finally {
    await throwUnlessFine(chain, ctx);
  }
}

async function throwUnlessFine(chain: ChainRun, ctx: VerifyContext): Promise<void> {
  const failure = decodeFailure(await chain.links);
  ctx.signal.throwIfAborted();
  if (failure !== null) throw failure.error;
}

/** The oldest pg_restore that reads the dump to its end, of the server's major or newer where there is one. */
async function findReader(
  config: Config,
  file: string,
  serverMajor: number,
  ctx: VerifyContext,
): Promise<string> {
  const tools = (await listPostgresTools(config, 'pg_restore', ctx)).toSorted((a, b) => a.major - b.major);
  const order = [
    ...tools.filter(({ major }) => major >= serverMajor),
    ...tools.filter(({ major }) => major < serverMajor).reverse(),
  ];
  let failure: AppError | undefined;
  for (const { file: program } of order) {
    const chain = startChain(ctx, [{ file: program, args: ['--file', '/dev/null', file] }], 'ignore');
    chain.input.end();
    try {
      await throwUnlessFine(chain, ctx);
      return program;
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'tool_version') throw error;
      failure = error;
    }
  }
  throw (
    failure ??
    new AppError('tool_missing', 'pg_restore is not installed on this machine', {
      hint: `Install postgresql-client-${String(serverMajor)}, or name its folder in BACKUP_PG_BIN_DIRS.`,
    })
  );
}
