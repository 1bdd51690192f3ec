import { Readable } from 'node:stream';
import { baseManifestNameOf, baseManifestText, type BaseManifest } from '../contracts/base-manifest.ts';
import type { Destination } from '../contracts/backup.ts';
import { BASE_FOLDER, baseFilename } from '../core/base-name.ts';
import { AppError, toAppError } from '../core/errors.ts';
import type { RunContext } from '../core/run-context.ts';
import { countBytes } from '../pipeline/byte-count.ts';
import { countThrough } from '../pipeline/count-through.ts';
import { manifestChecksum } from '../pipeline/manifest-checksum.ts';
import type { Config } from '../platform/config.ts';
import { HOLDFAST_VERSION } from '../platform/version.ts';
import type { BaseProbe } from '../sources/base-source.ts';
import { openBaseSource } from '../sources/registry.ts';
import { openStorage } from '../storage/registry.ts';
import type { Storage } from '../storage/storage.ts';
import { readBack } from './archive-copy.ts';
import { keyAt, removeIfOurs, storagePathOf, type Place } from './archive-place.ts';
import { findStages, startStages, type ArchiveStages } from './archive-stages.ts';

const UNDO_TIMEOUT_MS = 30_000;

export interface BaseRequest {
  readonly id: string;
  readonly takenAt: Date;
  readonly destination: Destination;
}

export interface BaseResult {
  readonly manifest: BaseManifest;
  /** Full path or S3 key. */
  readonly storagePath: string;
}

type Undo = (ctx: Pick<RunContext, 'runId' | 'log' | 'signal'>) => Promise<void>;

/**
 * Takes one base backup: preflight, copy, read-back, manifest last. `found` is told what the server is before the first byte. When it
 * throws (always an AppError), what it made has been removed as far as the destination could be reached.
 */
export async function takeBaseBackup(
  config: Config,
  request: BaseRequest,
  found: (probe: BaseProbe) => void,
  ctx: RunContext,
): Promise<BaseResult> {
  const undo: Undo[] = [];
  const storage = openStorage(config, request.destination);
  try {
    ctx.progress({ phase: 'preparing', bytes: 0 });
    // A tar is not compressed inside, whatever a dump would be.
    const stages = await findStages({ ...config, compression: 'zstd' }, false, ctx);
    const probe = await openBaseSource(config).probe(ctx);
    found(probe);
    const place = await choosePlace(config, storage, request, ctx);
    const copied = await copyServer(config, place, probe, stages, undo, ctx);
    await readBack(storage, place.key, copied.stored, ctx);
    ctx.progress({ phase: 'finishing', bytes: copied.stored.bytes, totalBytes: copied.stored.bytes });
    const manifest = describe(config, request, place, probe, stages, copied);
    await putManifest(place, manifest, undo, ctx);
    ctx.signal.throwIfAborted();
    return { manifest, storagePath: storagePathOf(config, place) };
  } catch (error) {
    const cleaning = { runId: ctx.runId, log: ctx.log, signal: AbortSignal.timeout(UNDO_TIMEOUT_MS) };
    for (const step of undo.toReversed()) {
      await step(cleaning).catch((failed: unknown) => {
        ctx.log.warn('could not remove what a failed base backup left', { error: failed });
      });
    }
    throw toAppError(ctx.signal.aborted ? ctx.signal.reason : error);
  } finally {
    await storage.close();
  }
}

/** The first name of this minute that is free. */
async function choosePlace(
  config: Config,
  storage: Storage,
  { takenAt, destination }: BaseRequest,
  ctx: RunContext,
): Promise<Place> {
  for (let suffix = 1; suffix <= 100; suffix += 1) {
    const filename = baseFilename(config.filePrefix, takenAt, suffix, config.ageRecipients.length > 0);
    const key = keyAt(destination, BASE_FOLDER, takenAt, filename);
    const there = [await storage.stat(ctx, key), await storage.stat(ctx, baseManifestNameOf(key))];
    if (there.every((stat) => stat === null)) return { destination, storage, key };
  }
  throw new AppError('object_exists', 'a hundred base archives of this minute exist already', {
    hint: 'Wait a minute, or look for what takes base backups in a loop.',
  });
}

type Copied = Pick<BaseManifest, 'wal' | 'endedAt' | 'plain' | 'stored'>;

/** Server, stages and storage as one stream: no byte of it waits on a disk that is not the destination. */
async function copyServer(
  config: Config,
  { storage, key }: Place,
  { sizeBytes }: BaseProbe,
  stages: ArchiveStages,
  undo: Undo[],
  ctx: RunContext,
): Promise<Copied> {
  const stored = countBytes();
  await using dump = await openBaseSource(config).dump(ctx);
  const plain = countThrough(ctx, dump.body, (bytes) => {
    ctx.progress({ phase: 'dumping', bytes, totalBytes: sizeBytes });
  });
  const { body, exit } = startStages(ctx, stages, plain.body, stored.add);
  try {
    await storage.put(ctx, key, body, { estimateBytes: sizeBytes });
  } catch (error) {
    const isTaken = error instanceof AppError && error.code === 'object_exists';
    // The answer to the commit may have got lost on the way, but only after all bytes were sent.
    if (body.readableEnded && !isTaken) {
      const sent = stored.result();
      undo.push((cleaning) => removeIfOurs(storage, key, sent, cleaning));
    }
    throw error;
  } finally {
    body.destroy();
    await Promise.all([plain.exit, exit]);
  }
  undo.push((cleaning) => storage.remove(cleaning, key));
  return { ...(await dump.finish()), plain: plain.result(), stored: stored.result() };
}

function describe(
  config: Config,
  { id, takenAt }: BaseRequest,
  { key }: Place,
  probe: BaseProbe,
  stages: ArchiveStages,
  { wal, endedAt, plain, stored }: Copied,
): BaseManifest {
  const manifest: Omit<BaseManifest, 'checksum'> = {
    format: 1,
    kind: 'base',
    id,
    holdfastVersion: HOLDFAST_VERSION,
    archive: key.slice(key.lastIndexOf('/') + 1),
    takenAt: takenAt.toISOString(),
    endedAt,
    server: probe.server,
    wal,
    tools: {
      ...probe.tools,
      ...Object.fromEntries(stages.programs.map(({ tool }) => [tool.name, tool.version])),
    },
    stages: [...stages.records],
    plain,
    stored,
    encryption:
      config.ageRecipients.length > 0 ? { scheme: 'age', recipients: [...config.ageRecipients] } : null,
  };
  return { ...manifest, checksum: manifestChecksum(manifest) };
}

async function putManifest(
  { storage, key }: Place,
  manifest: BaseManifest,
  undo: Undo[],
  ctx: RunContext,
): Promise<void> {
  const name = baseManifestNameOf(key);
  const text = Buffer.from(baseManifestText(manifest));
  const counter = countBytes();
  counter.add(text);
  const written = counter.result();
  undo.push((cleaning) => removeIfOurs(storage, name, written, cleaning));
  await storage.put(ctx, name, Readable.from([text], { objectMode: false }), { estimateBytes: text.length });
  await readBack(storage, name, written, ctx);
}
