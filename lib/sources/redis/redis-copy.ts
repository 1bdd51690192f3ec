import { open } from 'node:fs/promises';
import { AppError, toAppError } from '../../core/errors.ts';
import type { KeyFacts } from '../../contracts/facts.ts';
import type { Manifest } from '../../contracts/manifest.ts';
import type { Config } from '../../platform/config.ts';
import { countOf, failed, listNames, passed, unknown, type Judged } from '../judged.ts';
import { copyPlain } from '../plain-copy.ts';
import type { PathCopy, ScratchContext } from '../source.ts';
import { checkRdb, type RdbContents } from './check-rdb.ts';

/** Redis writes `REDIS` and a version; Valkey from 9 on its own name. */
const MAGIC = /^(REDIS|VALKEY)\d/;

/**
 * See PathCopy. An RDB file is what its dump is. It is proven by redis-check-rdb, which reads every key with the server's own code and holds
 * the checksum of the whole; a server that loaded it would say less, for it drops what has expired meanwhile.
 */
export function createRedisCopy(config: Config): PathCopy {
  return {
    fill: async (ctx, file, at) => {
      if (!MAGIC.test(await beginningOf(file))) {
        throw new AppError('restore_failed', 'the archive does not hold a snapshot of Redis', {
          hint: 'Do not count on this backup: take another copy or an older one.',
        });
      }
      await copyPlain(ctx, file, at);
    },
    compare: (ctx, at, manifest) => compare(config, ctx, at, manifest),
  };
}

async function beginningOf(path: string): Promise<string> {
  await using file = await open(path, 'r');
  const { bytesRead, buffer } = await file.read(Buffer.alloc(9), 0, 9, 0);
  return buffer.toString('latin1', 0, bytesRead);
}

async function compare(config: Config, ctx: ScratchContext, at: string, { facts }: Manifest): Promise<void> {
  const startedAt = ctx.clock.now().getTime();
  const report = (check: Judged, error?: AppError): void => {
    ctx.report({ ...check, durationMs: ctx.clock.now().getTime() - startedAt }, error);
  };
  const want = 'no damage';
  ctx.say('reading every key of the copy');
  let contents: RdbContents | string;
  try {
    contents = await checkRdb(config, at, ctx);
  } catch (thrown) {
    ctx.signal.throwIfAborted();
    const error = toAppError(thrown);
    report(unknown('integrity', true, error.message, want), error);
    return;
  }
  if (typeof contents === 'string') {
    report(failed('integrity', want, 'damage', contents));
    return;
  }
  report(passed('integrity', want, contents.hasChecksum ? want : 'no damage; it carries no checksum'));
  for (const check of compareKeys(facts.keys, contents)) report(check);
}

function compareKeys(expected: KeyFacts | null, { keys, databases }: RdbContents): readonly Judged[] {
  const found = countOf(keys, 'key');
  if (expected === null) {
    const reason = 'they could not be counted when the backup was made';
    return [unknown('databases', false, reason), unknown('keys', false, reason, null, found)];
  }
  const nameOf = (index: number): string => `db${String(index)}`;
  // One that had keys before and after was there in between.
  const certain = expected.databases.filter(({ before, after }) => before > 0 && after > 0);
  const missing = certain.filter(({ index }) => !databases.includes(index));
  const wanted = certain.map(({ index }) => nameOf(index));
  const have = databases.map(nameOf);
  const total = (side: 'before' | 'after'): number =>
    expected.databases.reduce((sum, database) => sum + database[side], 0);
  const [low = 0, high = 0] = [total('before'), total('after')].sort((a, b) => a - b);
  const range = low === high ? countOf(low, 'key') : `${String(low)} to ${countOf(high, 'key')}`;
  return [
    missing.length === 0
      ? passed('databases', listNames(wanted), listNames(have))
      : failed(
          'databases',
          listNames(wanted),
          listNames(have),
          `missing: ${listNames(missing.map(({ index }) => nameOf(index)))}`,
        ),
    low <= keys && keys <= high
      ? passed('keys', range, found)
      : // Between the counts lies the snapshot, and keys that live for a moment were in it or not: this is no fault of the file.
        unknown('keys', false, 'keys came and went while the snapshot was taken', range, found),
  ];
}
