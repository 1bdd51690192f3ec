import type { KeyFacts } from '../../contracts/facts.ts';
import { AppError } from '../../core/errors.ts';
import type { Config, RedisPlace } from '../../platform/config.ts';
import { startTool } from '../../tools/start-tool.ts';
import { pathFacts } from '../path-facts.ts';
import { stageFile } from '../staged-file.ts';
import type { Dump, DumpContext, DumpOptions, Source, SourceContext, SourceLook } from '../source.ts';
import { askRedis, type RedisInfo } from './ask-redis.ts';
import { addressOf, isReply, stillLoading, translateCliExit, withoutMaster } from './redis-errors.ts';
import { findRedisProgram, type NamedProgram } from './redis-programs.ts';

/** How often a server that is sending its snapshot is asked whether it lives, and how long it may take: one that runs a long command answers nobody. */
interface Heartbeat {
  readonly everyMs: number;
  readonly answerWithinMs: number;
}
const HEARTBEAT: Heartbeat = { everyMs: 5000, answerWithinMs: 30_000 };

/**
 * A Redis or Valkey server, by the snapshot that it gives to a replica: `redis-cli --rdb`, which writes to a file, so that a dump needs as
 * much room under HOLDFAST_DATA_DIR as the snapshot has. Its user needs `+ping +info +sync +psync +replconf`. Of a cluster it is one node. A
 * server that only speaks TLS is `source_unreachable`.
 */
export function createRedisSource(config: Config, place: RedisPlace, heartbeat = HEARTBEAT): Source {
  const ask = async (ctx: SourceContext): Promise<RedisInfo> => {
    const info = await askRedis(place, ctx, heartbeat.answerWithinMs);
    if (info.isLoading) throw stillLoading(place);
    if (info.isReplicaAlone) throw withoutMaster(place);
    return info;
  };
  const look = async (ctx: SourceContext): Promise<SourceLook> => {
    const { productVersion, usedMemoryBytes } = await ask(ctx);
    return { productVersion, sizeBytes: usedMemoryBytes, isSuperuser: false, forbidden: [] };
  };

  const dump = async (ctx: DumpContext, options: DumpOptions): Promise<Dump> => {
    refuseParts(options);
    const startedAt = ctx.clock.now().getTime();
    const cli = await findRedisProgram(config, 'cli', ctx);
    const before = await ask(ctx);
    const staged = await stageFile(ctx, before.usedMemoryBytes);
    try {
      await fetchSnapshot(place, cli, staged.path, heartbeat, ctx);
      const counting = askRedis(place, ctx, heartbeat.answerWithinMs).catch((error: unknown) => {
        if (!ctx.signal.aborted)
          ctx.log.warn('the keys of a Redis server could not be counted after its snapshot', { error });
        return null;
      });
      const durationMs = ctx.clock.now().getTime() - startedAt;
      const { body, sizeBytes } = await staged.body();
      return {
        body,
        snapshot: null,
        tables: [],
        facts: async () => {
          const after = await counting;
          ctx.signal.throwIfAborted();
          return pathFacts({ keys: after === null ? null : keysOf(before, after), durationMs });
        },
        excludedTables: [],
        estimateBytes: sizeBytes,
        [Symbol.asyncDispose]: async () => {
          await counting;
          await staged[Symbol.asyncDispose]();
        },
      };
    } catch (error) {
      await staged[Symbol.asyncDispose]();
      ctx.signal.throwIfAborted();
      throw error;
    }
  };

  return {
    kind: 'redis',
    look,
    probe: async (ctx) => {
      const { productVersion, sizeBytes } = await look(ctx);
      const { name, version } = await findRedisProgram(config, 'cli', ctx);
      return { productVersion, database: addressOf(place), sizeBytes, tools: { [name]: version } };
    },
    dump,
  };
}

/** Resolves when the whole snapshot is in `file` and the program has gone. */
async function fetchSnapshot(
  place: RedisPlace,
  cli: NamedProgram,
  file: string,
  heartbeat: Heartbeat,
  ctx: SourceContext,
): Promise<void> {
  const { host, port, user, password } = place;
  const lost = new AbortController();
  const ended = new AbortController();
  const run = startTool(
    { signal: AbortSignal.any([ctx.signal, lost.signal]) },
    {
      file: cli.file,
      args: [
        ...['-h', host, '-p', String(port), '--no-auth-warning'],
        ...(user === null ? [] : ['--user', user]),
        ...['--rdb', file],
      ],
      ...(password === null ? {} : { env: { REDISCLI_AUTH: password } }),
      failure: (exit) => translateCliExit(place, cli.name, exit),
    },
  );
  // A server that hangs keeps its connections, and redis-cli waits for it without end.
  const watching = watch(place, heartbeat, {
    ...ctx,
    signal: AbortSignal.any([ctx.signal, ended.signal]),
  }).catch((error: unknown) => {
    if (!ended.signal.aborted) lost.abort(error);
  });
  try {
    run.stdout.resume();
    await new Promise<void>((resolve, reject) => {
      run.stdout.once('end', resolve).once('error', reject);
    });
  } finally {
    run.stdout.destroy();
    await run.exit;
    ended.abort();
    await watching;
  }
}

/** Throws once the server does not answer; a refusal is an answer, and what it means for the snapshot is for redis-cli to tell. */
async function watch(
  place: RedisPlace,
  { everyMs, answerWithinMs }: Heartbeat,
  ctx: SourceContext,
): Promise<never> {
  for (;;) {
    await ctx.clock.sleep(everyMs, ctx.signal);
    try {
      await askRedis(place, ctx, answerWithinMs);
    } catch (thrown) {
      if (!isReply(thrown)) throw thrown;
    }
  }
}

function refuseParts({ tables, schemaOnly }: DumpOptions): void {
  if (tables === null && !schemaOnly) return;
  throw new AppError('invalid', 'a Redis server is backed up whole', {
    hint: 'Leave out the choice of tables, and ask for rows too.',
    fields: { field: tables === null ? 'schemaOnly' : 'tables' },
  });
}

function keysOf(before: RedisInfo, after: RedisInfo): KeyFacts {
  const indexes = new Set([...before.keys.keys(), ...after.keys.keys()]);
  return {
    databases: [...indexes]
      .sort((a, b) => a - b)
      .map((index) => ({
        index,
        before: before.keys.get(index) ?? 0,
        after: after.keys.get(index) ?? 0,
      })),
  };
}
