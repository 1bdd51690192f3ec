import { createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { ByteCount, Manifest } from '../contracts/manifest.ts';
import { AppError } from '../core/errors.ts';
import { isSameBytes } from '../pipeline/byte-count.ts';
import { startChain, type ChainLink } from '../tools/start-chain.ts';
import { checkBytes } from './check-bytes.ts';
import { compareContents, isOfDatabase } from './contents.ts';
import { countBeside } from './count-beside.ts';
import { decodeFailure, type DecodeFailure } from './decode-failure.ts';
import { isKeyOfRecipient, type Decoding } from './decoding.ts';
import type { OpenCheck } from './findings.ts';
import { offerObject, readArchive, readInto } from './read-object.ts';
import { runDecoders } from './run-decoders.ts';
import type { VerifyRun } from './verify-run.ts';

/** pg_restore reads the whole dump and converts it, and writes nothing. */
const READ_ALL = ['--file', '/dev/null'];
const SHOWN = 20;

/**
 * Reads the archive through its decoders and pg_restore to the end, and lists its contents. Between the programs the bytes pass
 * through the kernel alone.
 */
export async function decodeToNowhere(run: VerifyRun, manifest: Manifest, decoding: Decoding): Promise<void> {
  const { pgRestore } = decoding;
  if (pgRestore === null) return hashToNowhere(run, manifest, decoding);
  const { findings, progress } = run;
  progress.enter('decoding', manifest.stored.bytes);
  const check = findings.open('decode');
  const [first, ...others] = [...decoding.decoders, { file: pgRestore, args: READ_ALL }];
  const listing = listStored(run, decoding, pgRestore);
  try {
    let failure = await runDecoders(run, manifest, [first, ...others], 'ignore');
    if (failure === 'bytes') return;
    if (failure?.error.code === 'tool_failed') failure = (await damageOf(run, manifest, decoding)) ?? failure;
    if (!(await settle(run, manifest, check, failure))) return;
    await checkContents(run, manifest, () => listing);
  } finally {
    // No program may outlive its verification.
    await listing.catch(() => undefined);
  }
}

/** Decodes the archive to its end, and holds what comes out against what was dumped: without pg_restore, its hash tells as much. */
async function hashToNowhere(run: VerifyRun, manifest: Manifest, { decoders }: Decoding): Promise<void> {
  const { findings, progress, ctx } = run;
  progress.enter('decoding', manifest.stored.bytes);
  const check = findings.open('decode');
  const plainCheck = findings.open('plain-sha256');
  const [first, ...others] = decoders;
  let plain: ByteCount | null = manifest.stored;
  if (first === undefined) {
    if (!(await checkBytes(run, manifest, () => readArchive(run, null)))) return;
    if (!(await settle(run, manifest, check, null))) return;
  } else {
    plain = null;
    const failure = await runDecoders(run, manifest, [first, ...others], async (printed) => {
      plain = await readInto(printed, null, ctx.signal, () => undefined);
    });
    if (failure === 'bytes' || !(await settle(run, manifest, check, failure))) return;
  }
  judgePlain(plainCheck, manifest, plain);
}

/** Whether the decoded bytes are those that were dumped. */
function judgePlain(check: OpenCheck, manifest: Manifest, plain: ByteCount | null): boolean {
  const isSame = plain !== null && isSameBytes(plain, manifest.plain);
  const seen = { expected: manifest.plain.sha256, found: plain?.sha256 ?? 'nothing' };
  if (isSame) check.passed(seen);
  else check.failed(otherDump(), seen);
  return isSame;
}

/**
 * Whether the archive is why a program died: garbage makes pg_restore ask for all the memory there is. Decodes it once more
 * without pg_restore, and hashes what comes out; null where that is what was dumped.
 */
async function damageOf(
  run: VerifyRun,
  manifest: Manifest,
  { decoders }: Decoding,
): Promise<DecodeFailure | null> {
  const { storage, order, progress, ctx } = run;
  const [first, ...others] = decoders;
  let found: ByteCount;
  if (first === undefined) {
    found = await readArchive(run, null);
  } else {
    const chain = startChain(ctx, [first, ...others], 'pipe');
    try {
      [found] = await Promise.all([
        readInto(chain.output, null, ctx.signal, progress.bytes),
        offerObject(storage, order.key, chain.input, ctx),
      ]);
      const failure = decodeFailure(await chain.links);
      if (failure !== null) return failure;
    } finally {
      chain.stop();
      await chain.links;
    }
  }
  return isSameBytes(found, manifest.plain) ? null : { verdict: 'FAILED', error: otherDump() };
}

const otherDump = (): AppError =>
  new AppError('integrity', 'the archive decodes to something else than what was dumped', {
    hint: 'Archive and manifest do not belong together: take a new backup.',
  });

/**
 * Decodes the archive into a file, hashes what that holds, and lists it where pg_restore can. Returns its path, or null where something of that could
 * not be shown. `isRead`: pg_restore reads it to its end too, so that no restore is begun of a dump that cannot be read, although
 * its bytes are those of its manifest.
 */
export async function decodeToFile(
  run: VerifyRun,
  manifest: Manifest,
  decoding: Decoding,
  { isRead }: { readonly isRead: boolean },
): Promise<string | null> {
  const { findings, progress, folder, ctx } = run;
  const file = join(folder, 'plain.dump');
  progress.enter('decoding', manifest.stored.bytes);
  const check = findings.open('decode');
  const plainCheck = findings.open('plain-sha256');
  const unpacked = await unpack(run, manifest, decoding, file);
  if (unpacked.failure !== null) {
    if (unpacked.failure !== 'bytes') await settle(run, manifest, check, unpacked.failure);
    return null;
  }
  const { pgRestore } = decoding;
  const reading =
    isRead && pgRestore !== null
      ? await startChain(ctx, [{ file: pgRestore, args: [...READ_ALL, file] }], 'ignore', 'ignore').links
      : [];
  ctx.signal.throwIfAborted();
  if (!(await settle(run, manifest, check, decodeFailure(reading)))) return null;
  if (!judgePlain(plainCheck, manifest, unpacked.plain)) return null;
  if (pgRestore === null) return file;
  const isListed = await checkContents(run, manifest, () => list(run, [pgRestore, file]));
  return isListed ? file : null;
}

type Unpacked =
  { readonly failure: DecodeFailure | 'bytes' } | { readonly failure: null; readonly plain: ByteCount };

/** Why the file is not what the archive decodes to (`bytes` where the archive itself was found wrong), or what it holds. */
async function unpack(
  run: VerifyRun,
  manifest: Manifest,
  { decoders }: Decoding,
  file: string,
): Promise<Unpacked> {
  const [first, ...others] = decoders;
  if (first === undefined) {
    const sink = createWriteStream(file, { flags: 'wx', mode: 0o600 });
    const written = new Promise<Error | null>((resolve) => {
      sink.once('error', resolve).once('close', () => {
        resolve(null);
      });
    });
    const isWhole = await checkBytes(run, manifest, () => readArchive(run, sink));
    const failure = await written;
    if (!isWhole) return { failure: 'bytes' };
    // Nothing was taken off it.
    if (failure === null) return { failure: null, plain: manifest.stored };
    const isFull = 'code' in failure && (failure.code === 'ENOSPC' || failure.code === 'EDQUOT');
    const error = isFull
      ? new AppError('storage_full', 'the disk that holds decoded archives is full', {
          hint: 'Make room under BACKUP_VERIFY_DIR, or name a folder on a larger disk there.',
        })
      : new AppError('tool_failed', 'the decoded archive could not be written', { cause: failure });
    return { failure: { verdict: 'UNKNOWN', error } };
  }
  await using output = await open(file, 'wx+', 0o600);
  const decoded = runDecoders(run, manifest, [first, ...others], output.fd);
  const plain = countBeside(
    {
      reach: async () => (await output.stat()).size,
      read: async (buffer, position) => (await output.read(buffer, 0, buffer.byteLength, position)).bytesRead,
    },
    decoded,
    run.ctx.signal,
    () => undefined,
  );
  // What keeps the archive from being decoded says more than what was decoded of it.
  plain.catch(() => undefined);
  const failure = await decoded;
  return failure === null ? { failure: null, plain: await plain } : { failure };
}

/** Judges `decode`; whether it passed. */
async function settle(
  { config, findings, ctx }: VerifyRun,
  manifest: Manifest,
  check: OpenCheck,
  failure: DecodeFailure | null,
): Promise<boolean> {
  ctx.signal.throwIfAborted();
  if (failure === null) {
    check.passed({ expected: 'decodes to the end', found: 'decodes to the end' });
    return !findings.hasFailed;
  }
  const { verdict, error } = failure;
  if (error.code === 'wrong_key' && (await isKeyOfRecipient(config, manifest, ctx))) {
    check.failed(
      new AppError(
        'integrity',
        'the private key of a recipient does not open the archive: its head was changed',
        {
          hint: 'Do not count on this backup: take a new one, and find out what changed the archive.',
        },
      ),
    );
  } else if (verdict === 'FAILED') check.failed(error);
  else check.unknown(error);
  return false;
}

/** `pg_restore --list` of the decoded file. */
async function list({ ctx }: VerifyRun, [pgRestore, file]: readonly [string, string]): Promise<Listed> {
  const chain = startChain(ctx, [{ file: pgRestore, args: ['--list', file] }], 'pipe');
  chain.input.end();
  return listed(await text(chain.output), await chain.links);
}

/** The table of contents stands at the head of a dump, so a glance at the stored archive is enough. */
async function listStored(
  { storage, order, ctx }: VerifyRun,
  { decoders }: Decoding,
  pgRestore: string,
): Promise<Listed> {
  const [first, ...others] = [...decoders, { file: pgRestore, args: ['--list'] }];
  const chain = startChain(ctx, [first, ...others], 'pipe');
  try {
    const [printed] = await Promise.all([
      text(chain.output),
      offerObject(storage, order.key, chain.input, ctx),
    ]);
    return listed(printed, await chain.links);
  } finally {
    chain.stop();
    await chain.links;
  }
}

interface Listed {
  readonly list: string;
  readonly failure: DecodeFailure | null;
}

/** Whoever stands before the one that listed was not heard to the end, and has a right to complain. */
const listed = (printed: string, links: readonly ChainLink[]): Listed => ({
  list: printed,
  failure: decodeFailure(links.slice(-1)),
});

const shorten = (names: readonly string[]): string =>
  names.length <= SHOWN
    ? names.join(', ')
    : `${names.slice(0, SHOWN).join(', ')} and ${String(names.length - SHOWN)} more`;

/** Whether the archive is of the manifest's database and its table of contents has the tables of the manifest, and no others. */
async function checkContents(
  { findings, ctx }: VerifyRun,
  manifest: Manifest,
  read: () => Promise<Listed>,
): Promise<boolean> {
  const check = findings.open('contents');
  const { list: printed, failure } = await read();
  ctx.signal.throwIfAborted();
  if (failure !== null) {
    if (failure.verdict === 'FAILED') check.failed(failure.error);
    else check.unknown(failure.error);
    return false;
  }
  const { database } = manifest.source;
  if (!isOfDatabase(printed, database)) {
    check.failed(
      new AppError('verification_failed', 'the archive was dumped from another database', {
        hint: 'Archive and manifest do not belong together: take a new backup.',
      }),
      { expected: `a dump of ${database}`, found: 'a dump of another database' },
    );
    return false;
  }
  const { missing, unexpected } = compareContents(printed, manifest.facts.tables);
  const count = manifest.facts.tables.length;
  const expected = `${String(count)} ${count === 1 ? 'table' : 'tables'}`;
  if (missing.length === 0 && unexpected.length === 0) {
    check.passed({ expected, found: expected });
    return true;
  }
  const found = [
    ...(missing.length === 0 ? [] : [`without ${shorten(missing)}`]),
    ...(unexpected.length === 0 ? [] : [`also ${shorten(unexpected)}`]),
  ].join('; ');
  check.failed(
    new AppError('verification_failed', 'the archive does not hold the tables of its manifest', {
      hint: 'Archive and manifest do not belong together: take a new backup.',
    }),
    { expected, found },
  );
  return false;
}
