import type { Destination, Tier } from '../contracts/backup.ts';
import type { Facts } from '../contracts/facts.ts';
import {
  DUMP_FORMATS,
  manifestNameOf,
  manifestText,
  type ByteCount,
  type Manifest,
} from '../contracts/manifest.ts';
import type { VerificationPolicy } from '../contracts/verification.ts';
import { AppError, toAppError } from '../core/errors.ts';
import type { RunContext } from '../core/run-context.ts';
import type { Config } from '../platform/config.ts';
import { layersOf } from '../platform/source-config.ts';
import { HOLDFAST_VERSION } from '../platform/version.ts';
import { countBytes } from '../pipeline/byte-count.ts';
import { countThrough } from '../pipeline/count-through.ts';
import { sealManifest } from '../pipeline/manifest-checksum.ts';
import { openSource } from '../sources/registry.ts';
import type { Dump, FactsPolicy, Source, SourceProbe } from '../sources/source.ts';
import { placeKit } from '../restore/place-kit.ts';
import { openStorage } from '../storage/registry.ts';
import type { Storage } from '../storage/storage.ts';
import { openExactly, readBack } from './archive-copy.ts';
import {
  choosePlaces,
  idBeside,
  keyAt,
  kitPrefix,
  putManifest,
  removeIfOurs,
  storagePathOf,
  type Place,
} from './archive-place.ts';
import { findStages, isGzippedInside, startStages, type ArchiveStages } from './archive-stages.ts';

const UNDO_TIMEOUT_MS = 30_000;
const KIT_TIMEOUT_MS = 30_000;
/** Later than any leftover: the run that made it is known to be over. */
const ANY_AGE = new Date(8.64e15);

export interface ArchiveRequest {
  readonly id: string;
  readonly takenAt: Date;
  /** The first one names the remote folder. */
  readonly tiers: readonly Tier[];
  /** In order: the first is streamed to, the others are copied from it. */
  readonly destinations: readonly Destination[];
  /** Null backs up every table. */
  readonly tables: readonly string[] | null;
  readonly schemaOnly: boolean;
  readonly description: string | null;
  /** Plain bytes of the last like backup, for percent; null: estimate from the server. */
  readonly expectedPlainBytes: number | null;
  readonly factsPolicy: FactsPolicy;
  /** A further gzip around the file: `backup.sh --compress`. */
  readonly isGzipped?: boolean;
}

export const factsPolicyOf = (policy: VerificationPolicy): FactsPolicy => ({
  takesFingerprints: policy.takesFingerprints,
  fingerprintMaxBytes: policy.fingerprintMaxGb * 1e9,
});

export interface ArchiveHooks {
  /** Resolves before the first byte goes to `destination`: the caller has committed what a crash would leave. */
  writing(destination: Destination, key: string, filename: string): Promise<void>;
  /** This copy was read back: size and SHA-256 agree. */
  stored(destination: Destination, sizeBytes: number, checkedAt: Date): Promise<void>;
}

export interface ArchiveCopy {
  readonly destination: Destination;
  readonly key: string;
  readonly sizeBytes: number;
  readonly checkedAt: Date;
}

export interface ArchiveResult {
  readonly filename: string;
  /** Full path or S3 key of the first copy. */
  readonly storagePath: string;
  readonly tableCount: number;
  readonly plain: ByteCount;
  readonly stored: ByteCount;
  readonly manifest: Manifest;
  readonly copies: readonly ArchiveCopy[];
  readonly durationMs: number;
}

/** What is still to be undone should the run fail. */
interface Made {
  readonly storage: Storage;
  readonly key: string;
  /** The bytes it has if it is ours; null where its put succeeded, so that it is. */
  readonly bytes: ByteCount | null;
}

/**
 * A further copy failed, and the archive is not where it should be; but the copies in `kept` were read back and have their
 * manifests. Code, message and hint are the failed copy's. Whoever catches it must never call this a success.
 */
export class CopyFailed extends AppError {
  readonly kept: ArchiveResult;

  constructor(why: AppError, kept: ArchiveResult) {
    super(why.code, why.message, { hint: why.hint, fields: why.fields, cause: why });
    this.kept = kept;
  }
}

/**
 * Takes one archive: preflight, dump, read-back at every destination, manifest last. When it throws (always an
 * AppError), what it made has been removed as far as the destinations could be reached; but where the first copy is good
 * and a further one failed, it throws `CopyFailed` and keeps the good ones, because a run that fails must not take the
 * newest dump of the data with it.
 */
export async function makeArchive(
  config: Config,
  request: ArchiveRequest,
  hooks: ArchiveHooks,
  ctx: RunContext,
): Promise<ArchiveResult> {
  const startedAt = ctx.clock.now().getTime();
  const made: Made[] = [];
  const storages: { destination: Destination; storage: Storage }[] = [];
  try {
    ctx.signal.throwIfAborted();
    ctx.progress({ phase: 'preparing', bytes: 0 });
    for (const destination of request.destinations) {
      storages.push({ destination, storage: openStorage(config, destination) });
    }
    const isGzipped = request.isGzipped ?? false;
    const stages = await findStages(config, isGzipped, ctx);
    const source = openSource(config);
    const probe = await source.probe(ctx);
    const { filename, places, away } = await choosePlaces(
      config,
      storages,
      {
        takenAt: request.takenAt,
        tier: request.tiers[0] ?? 'MANUAL',
        layers: { ...layersOf(config), isGzipped },
      },
      ctx,
    );
    const [first, ...others] = places;
    if (first === undefined) throw new AppError('invalid', 'an archive needs a destination');

    await hooks.writing(first.destination, first.key, filename);
    const dumped = await dumpTo(config, source, request, first, stages, made, ctx);
    const { plain, stored } = dumped;
    const copies = [await confirm(first, stored, hooks, ctx)];
    let failedCopy = away ?? undefined;
    const further = async (write: (own: Made[]) => Promise<void>): Promise<void> => {
      const own: Made[] = [];
      try {
        await write(own);
      } catch (error) {
        // A person who cancels, or a worker that stops, ends the run and not one copy of it.
        if (ctx.signal.aborted) throw error;
        await undo(own, ctx);
        failedCopy ??= toAppError(error);
        // The further copy is read from the first: what broke may have been that one.
        await readBack(first.storage, first.key, stored, ctx);
      } finally {
        made.push(...own);
      }
    };
    const written: { readonly place: Place; readonly copy: ArchiveCopy }[] = [];
    for (const place of others) {
      await hooks.writing(place.destination, place.key, filename);
      await further(async (own) => {
        written.push({ place, copy: await copyTo(first, place, stored, own, hooks, ctx) });
      });
    }

    ctx.progress({ phase: 'finishing', bytes: stored.bytes, totalBytes: stored.bytes });
    const manifest = sealManifest(describe(config, request, filename, probe, stages, dumped));
    const text = Buffer.from(manifestText(manifest));
    const counter = countBytes();
    counter.add(text);
    const textBytes = counter.result();
    made.push({ storage: first.storage, key: manifestNameOf(first.key), bytes: textBytes });
    await putManifest(first, text, ctx);
    for (const { place, copy } of written) {
      await further(async (own) => {
        own.push({ storage: place.storage, key: place.key, bytes: null });
        own.push({ storage: place.storage, key: manifestNameOf(place.key), bytes: textBytes });
        await putManifest(place, text, ctx);
        copies.push(copy);
      });
    }
    ctx.signal.throwIfAborted();
    const result: ArchiveResult = {
      filename,
      storagePath: storagePathOf(config, first),
      tableCount: manifest.facts.tableCount,
      plain,
      stored,
      manifest,
      copies,
      durationMs: ctx.clock.now().getTime() - startedAt,
    };
    for (const { destination, storage } of storages) {
      if (copies.some((copy) => copy.destination === destination))
        await placeKitAt(destination, storage, ctx);
    }
    if (failedCopy !== undefined) throw new CopyFailed(failedCopy, result);
    return result;
  } catch (error) {
    if (error instanceof CopyFailed) throw error;
    await undo(made, ctx);
    throw toAppError(ctx.signal.aborted ? ctx.signal.reason : error);
  } finally {
    await Promise.all(storages.map(({ storage }) => storage.close()));
  }
}

/** A destination that stalls now must not keep a finished backup waiting. */
const placeKitAt = (destination: Destination, storage: Storage, ctx: RunContext): Promise<void> =>
  placeKit(storage, kitPrefix(destination), {
    runId: ctx.runId,
    log: ctx.log,
    signal: AbortSignal.any([ctx.signal, AbortSignal.timeout(KIT_TIMEOUT_MS)]),
  });

/** Another archive has this name; two of the same second may even have the same bytes, so bytes do not make it ours. */
const isTaken = (error: unknown): boolean => error instanceof AppError && error.code === 'object_exists';

interface Dumped {
  readonly dump: Pick<Dump, 'snapshot' | 'excludedTables'>;
  readonly facts: Facts;
  readonly plain: ByteCount;
  readonly stored: ByteCount;
}

/** Dump, stages and storage as one stream: no byte of it waits on a disk that is not the destination. */
async function dumpTo(
  config: Config,
  source: Source,
  request: ArchiveRequest,
  place: Place,
  stages: ArchiveStages,
  made: Made[],
  ctx: RunContext,
): Promise<Dumped> {
  const storedCounter = countBytes();
  let totalBytes = request.expectedPlainBytes ?? undefined;
  await using dump = await source.dump(ctx, {
    tables: request.tables,
    schemaOnly: request.schemaOnly,
    compression: isGzippedInside(config) ? 'gzip' : 'none',
    facts: request.factsPolicy,
  });
  if (totalBytes === undefined) {
    totalBytes = dump.estimateBytes ?? undefined;
    void dump.measuredBytes?.then((bytes) => {
      totalBytes = bytes ?? totalBytes;
    });
  }
  ctx.progress({ phase: 'dumping', bytes: 0, totalBytes });
  ctx.log.info('dumping', { tables: dump.tables.length, snapshot: dump.snapshot, key: place.key });

  const counted = countThrough(ctx, dump.body, (bytes) => {
    ctx.progress({ phase: 'dumping', bytes, totalBytes });
  });
  const { body, exit } = startStages(ctx, stages, counted.body, storedCounter.add);
  try {
    await place.storage.put(ctx, place.key, body, { estimateBytes: totalBytes });
  } catch (error) {
    // The answer to the commit may have got lost on the way, but only after all bytes were sent.
    if (body.readableEnded && !isTaken(error)) {
      const bytes = (stages.programs.length === 0 ? counted : storedCounter).result();
      made.push({ storage: place.storage, key: place.key, bytes });
    }
    throw error;
  } finally {
    // Whoever calls us next may count on no process of this run being left.
    body.destroy();
    await Promise.all([counted.exit, exit]);
  }
  const plain = counted.result();
  const stored = stages.programs.length === 0 ? plain : storedCounter.result();
  made.push({ storage: place.storage, key: place.key, bytes: null });
  if (stored.bytes === 0) throw new AppError('integrity', 'the dump is empty although it ended well');
  const facts = await dump.facts();
  ctx.log.info('facts taken', { tables: facts.tables.length, durationMs: facts.durationMs });
  return { dump, facts, plain, stored };
}

async function confirm(
  place: Place,
  stored: ByteCount,
  hooks: ArchiveHooks,
  ctx: RunContext,
): Promise<ArchiveCopy> {
  await readBack(place.storage, place.key, stored, ctx);
  const checkedAt = ctx.clock.now();
  await hooks.stored(place.destination, stored.bytes, checkedAt);
  return { destination: place.destination, key: place.key, sizeBytes: stored.bytes, checkedAt };
}

async function copyTo(
  from: Place,
  to: Place,
  stored: ByteCount,
  made: Made[],
  hooks: ArchiveHooks,
  ctx: RunContext,
): Promise<ArchiveCopy> {
  ctx.progress({ phase: 'uploading', bytes: 0, totalBytes: stored.bytes });
  const body = await openExactly(from.storage, from.key, stored, ctx);
  try {
    await to.storage.put(ctx, to.key, body, { estimateBytes: stored.bytes });
  } catch (error) {
    if (!isTaken(error)) made.push({ storage: to.storage, key: to.key, bytes: stored });
    throw error;
  }
  made.push({ storage: to.storage, key: to.key, bytes: null });
  return confirm(to, stored, hooks, ctx);
}

/**
 * Copies a finished archive and then its manifest to one more destination, read back like the first. When it throws, the
 * archive it was copied from is untouched.
 */
export async function copyArchive(
  config: Config,
  archive: ArchiveResult,
  destination: Destination,
  hooks: ArchiveHooks,
  ctx: RunContext,
): Promise<ArchiveCopy> {
  const made: Made[] = [];
  const storages: Storage[] = [];
  const [origin] = archive.copies;
  try {
    if (origin === undefined) throw new AppError('invalid', 'an archive without a copy cannot be copied');
    const from: Place = { ...origin, storage: openStorage(config, origin.destination) };
    storages.push(from.storage);
    const storage = openStorage(config, destination);
    storages.push(storage);
    const { manifest } = archive;
    const key = keyAt(
      destination,
      manifest.tiers[0] ?? 'MANUAL',
      new Date(manifest.takenAt),
      archive.filename,
    );
    const to: Place = { destination, storage, key };
    await hooks.writing(destination, key, archive.filename);
    const copy = await copyTo(from, to, archive.stored, made, hooks, ctx);
    const text = Buffer.from(manifestText(manifest));
    const counter = countBytes();
    counter.add(text);
    made.push({ storage, key: manifestNameOf(key), bytes: counter.result() });
    await putManifest(to, text, ctx);
    await placeKitAt(destination, storage, ctx);
    return copy;
  } catch (error) {
    await undo(made, ctx);
    throw toAppError(ctx.signal.aborted ? ctx.signal.reason : error);
  } finally {
    await Promise.all(storages.map((storage) => storage.close()));
  }
}

function describe(
  config: Config,
  request: ArchiveRequest,
  archive: string,
  probe: SourceProbe,
  stages: ArchiveStages,
  { dump, facts, plain, stored }: Dumped,
): Manifest {
  return {
    format: 1,
    id: request.id,
    holdfastVersion: HOLDFAST_VERSION,
    source: {
      kind: config.protects.kind,
      productVersion: probe.productVersion,
      database: probe.database,
      dumpFormat: DUMP_FORMATS[config.protects.kind],
    },
    archive,
    tiers: [...request.tiers],
    description: request.description,
    takenAt: request.takenAt.toISOString(),
    snapshot: dump.snapshot,
    tools: {
      ...probe.tools,
      ...Object.fromEntries(stages.programs.map(({ tool }) => [tool.name, tool.version])),
    },
    stages: [...stages.records],
    options: {
      tables: request.tables === null ? null : [...request.tables],
      excludedTables: [...dump.excludedTables],
      schemaOnly: request.schemaOnly,
      files: filesOptionsOf(config),
    },
    plain,
    stored,
    encryption:
      config.ageRecipients.length > 0 ? { scheme: 'age', recipients: [...config.ageRecipients] } : null,
    facts,
  };
}

const filesOptionsOf = ({ protects }: Config): Manifest['options']['files'] =>
  protects.kind === 'files'
    ? {
        only: protects.only === null ? null : [...protects.only],
        excludes: [...protects.excludes],
      }
    : null;

/** Newest first, so that a manifest never speaks of an archive that has gone. An aborted run still has to clean up. */
async function undo(made: readonly Made[], ctx: RunContext): Promise<void> {
  const cleaning = { runId: ctx.runId, log: ctx.log, signal: AbortSignal.timeout(UNDO_TIMEOUT_MS) };
  for (const { storage, key, bytes } of made.toReversed()) {
    try {
      if (bytes === null) await storage.remove(cleaning, key);
      else await removeIfOurs(storage, key, bytes, cleaning);
    } catch (error) {
      ctx.log.warn('could not remove what a failed backup left', { destination: storage.kind, key, error });
    }
  }
}

/**
 * Removes manifest, archive and unfinished writes of these copies, in this order. Safe to repeat; throws when a destination could not be
 * asked. Where `backupId` is given and the manifest beside the archive names another backup, that copy is left alone.
 */
export async function removeArchive(
  config: Config,
  copies: readonly {
    readonly destination: Destination;
    readonly key: string;
    readonly backupId?: string;
  }[],
  ctx: Pick<RunContext, 'runId' | 'signal' | 'log'>,
): Promise<void> {
  for (const { destination, key, backupId } of copies) {
    const storage = openStorage(config, destination);
    try {
      const owner = backupId === undefined ? null : await idBeside(storage, key, ctx);
      if (owner !== null && owner !== backupId) {
        ctx.log.warn('left an archive alone that belongs to another backup', { destination, key, owner });
        continue;
      }
      await storage.remove(ctx, manifestNameOf(key));
      await storage.remove(ctx, key);
      await storage.sweep(ctx, ANY_AGE, key);
    } finally {
      await storage.close();
    }
  }
}
