import type { Destination } from '../contracts/backup.ts';
import { manifestNameOf } from '../contracts/manifest.ts';
import type { RebuildResult } from '../contracts/rebuild.ts';
import { ENVIRONMENT_SOURCE_ID } from '../contracts/source.ts';
import type { Actor } from '../core/actor.ts';
import { AppError, runErrorOf } from '../core/errors.ts';
import { decideRetention, estimateExpiry } from '../core/retention.ts';
import { labelOf } from '../platform/source-config.ts';
import { openStorage } from '../storage/registry.ts';
import type { Storage, StorageContext } from '../storage/storage.ts';
import { catalogueErrorCode } from '#db/errors.ts';
import { addAuditEntry } from '#db/queries/audit.ts';
import { catalogueNow } from '#db/queries/backup.ts';
import { insertFoundBackup, insertFoundCopies, knownBackup, storedKeys } from '#db/queries/found-backup.ts';
import { retainableBackups } from '#db/queries/run.ts';
import { findSources } from '#db/queries/source.ts';
import { storagePathOf } from './archive-place.ts';
import type { EngineDeps } from './deps.ts';
import { findArchives, isSameArchive, readRecordable, type FoundCopy } from './find-archives.ts';
import type { SourceMarks } from './match-source.ts';
import { persist } from './persist.ts';
import { retentionPolicy } from './retain.ts';
import { depsOfSources } from './source-deps.ts';

/** So many of what could not be recorded are named in a result; all of them are told as they are met. */
const NAMED = 100;

export interface RebuildOptions {
  readonly isDryRun: boolean;
  /** Of this source only; null for all. */
  readonly sourceId: string | null;
  /** Who the audit entries name. */
  readonly actor: Actor;
  /** Stands in the audit entries where the actor is not who asked. */
  readonly requestedBy?: string;
  readonly signal: AbortSignal;
  /** What came of one archive. */
  readonly told?: (event: RebuildEvent) => void;
  readonly progress?: (progress: { readonly archives: number; readonly recorded: number }) => void;
}

export type RebuildEvent =
  | {
      /** `backup`: it is new to the history; `copy`: of a backup that the history has. */
      readonly kind: 'backup' | 'copy';
      readonly backupId: string;
      readonly sourceId: string;
      readonly source: string;
      readonly filename: string;
      readonly takenAt: Date;
      readonly sizeBytes: number;
      readonly destinations: readonly Destination[];
    }
  | {
      readonly kind: 'refused';
      readonly destination: Destination;
      readonly key: string;
      readonly error: AppError;
    };

interface OwnSource extends SourceMarks {
  readonly deps: EngineDeps;
}

/** What is to be recorded: copies of one archive at different destinations, in the order of these. */
interface Wanted {
  readonly kind: 'backup' | 'copy';
  readonly copies: readonly [FoundCopy, ...FoundCopy[]];
}

/**
 * Records what lies at the destinations and the history does not have: each backup, with all of its copies, in a transaction of its
 * own, as COMPLETED and never proven. A backup that the catalogue knows is not taken up again, whatever became of it; one that is
 * COMPLETED gets a copy at a destination where it had none. What cannot be recorded is told, and stops nothing; so is a destination
 * that cannot be read. The newest come first, so that retention never judges without what would keep an older one from
 * counting. Safe to repeat, to kill and to run twice at once. Throws only for the catalogue, and when aborted.
 */
export async function runRebuild(deps: EngineDeps, options: RebuildOptions): Promise<RebuildResult> {
  const { isDryRun, signal } = options;
  const ctx = { runId: 'rebuild', signal, log: deps.log };
  const sources = await ownSources(deps);
  const now = await catalogueNow(deps.db);
  const refused: RebuildResult['refused'] = [];
  const unreachable: RebuildResult['unreachable'] = [];
  let refusedCount = 0;
  let archives = 0;
  let known = 0;
  const refuse = (destination: Destination, key: string, error: AppError): void => {
    refusedCount += 1;
    if (refused.length < NAMED) refused.push({ destination, key, error: runErrorOf(error) });
    options.told?.({ kind: 'refused', destination, key, error });
  };

  const found = new Map<string, FoundCopy[]>();
  const places = openPlaces(deps);
  try {
    for (const { destination, storage } of places) {
      try {
        const keys = (asked: readonly string[]) => storedKeys(deps.db, destination, asked);
        for await (const one of findArchives({ destination, storage }, sources, now, keys, ctx)) {
          if (one.state === 'gone') continue;
          archives += 1;
          options.progress?.({ archives, recorded: 0 });
          if (one.state === 'known') known += 1;
          else if (one.state === 'refused') refuse(destination, one.key, one.error);
          else if (options.sourceId === null || one.copy.sourceId === options.sourceId) {
            const copies = found.get(one.copy.backupId) ?? [];
            const problem = clashOf(copies, one.copy);
            if (problem === null) found.set(one.copy.backupId, [...copies, one.copy]);
            else refuse(destination, one.copy.key, problem);
          }
        }
      } catch (thrown) {
        signal.throwIfAborted();
        if (!(thrown instanceof AppError) || thrown.code === 'catalogue_down') throw thrown;
        deps.log.warn('a destination could not be read to the end', { destination, error: thrown });
        unreachable.push({ destination, error: runErrorOf(thrown) });
      }
    }

    const wanted: Wanted[] = [];
    for (const copies of found.values()) {
      const judged = await wantedOf(deps, copies, refuse);
      known += judged.known;
      if (judged.wanted !== null) wanted.push(judged.wanted);
    }
    wanted.sort((a, b) => b.copies[0].takenAt.getTime() - a.copies[0].takenAt.getTime());
    const expiring = await expiringOf(sources, wanted, now);

    const done: Wanted[] = [];
    for (const one of wanted) {
      signal.throwIfAborted();
      const [{ backupId, sourceId, filename, takenAt, stored }] = one.copies;
      const source = sources.find(({ id }) => id === sourceId);
      if (source === undefined) continue;
      const isRecorded = isDryRun || (await record(source, one, places, now, options, refuse, ctx));
      if (!isRecorded) continue;
      done.push(one);
      options.progress?.({ archives, recorded: done.length });
      options.told?.({
        kind: one.kind,
        backupId,
        sourceId,
        source: source.name,
        filename,
        takenAt,
        sizeBytes: stored.bytes,
        destinations: one.copies.map(({ destination }) => destination),
      });
    }
    return {
      archives,
      known,
      sources: sources.flatMap((source) => summary(source, done, expiring)),
      refused,
      refusedCount,
      unreachable,
    };
  } finally {
    await Promise.all(places.map(({ storage }) => storage.close()));
  }
}

async function ownSources(deps: EngineDeps): Promise<readonly OwnSource[]> {
  const names = new Map((await findSources(deps.db)).map(({ id, name }) => [id, name]));
  return (await depsOfSources(deps)).map((own) => ({
    deps: own,
    id: own.sourceId,
    name:
      names.get(own.sourceId) ??
      (own.sourceId === ENVIRONMENT_SOURCE_ID ? labelOf(own.config) : own.sourceId),
    kind: own.config.protects.kind,
    label: labelOf(own.config),
    filePrefix: own.config.filePrefix,
  }));
}

interface OpenPlace {
  readonly destination: Destination;
  readonly storage: Storage;
}

/** Every destination that is configured, the one that backups go to first. */
function openPlaces({ config }: EngineDeps): readonly OpenPlace[] {
  const destinations: readonly Destination[] =
    config.s3 === null ? ['local'] : config.storage === 's3' ? ['s3', 'local'] : ['local', 's3'];
  return destinations.map((destination) => ({ destination, storage: openStorage(config, destination) }));
}

/** Why this copy cannot stand beside those of the same id; null where it can. */
function clashOf(copies: readonly FoundCopy[], copy: FoundCopy): AppError | null {
  const twin = copies.find(({ destination }) => destination === copy.destination);
  if (twin !== undefined) {
    return new AppError('conflict', `another copy of this backup lies at the same destination: ${twin.key}`, {
      hint: 'One is enough: remove the one that lies where no backup of yours is put.',
    });
  }
  const [first] = copies;
  return first === undefined || isSameArchive(first, copy) ? null : differs(first);
}

const differs = ({ destination, key }: Pick<FoundCopy, 'destination' | 'key'>): AppError =>
  new AppError('integrity', `its manifest has the id of another archive, ${key} (${destination})`, {
    hint: 'One of the two was changed. Verify both by hand before you trust either.',
  });

/** What of these copies, all of one id, the catalogue does not have; `known` counts the others. */
async function wantedOf(
  deps: EngineDeps,
  copies: readonly FoundCopy[],
  refuse: (destination: Destination, key: string, error: AppError) => void,
): Promise<{ readonly wanted: Wanted | null; readonly known: number }> {
  const [first, ...others] = copies;
  if (first === undefined) return { wanted: null, known: 0 };
  const backup = await knownBackup(deps.db, first.backupId);
  if (backup === null) return { wanted: { kind: 'backup', copies: [first, ...others] }, known: 0 };
  // Whatever ended otherwise was removed, or is being removed, and what was removed must not come back.
  if (backup.status !== 'COMPLETED') return { wanted: null, known: copies.length };
  const fresh = copies.filter(({ destination }) => !backup.destinations.includes(destination));
  const good = fresh.filter((copy) => {
    const { stored, checksum } = backup;
    if (stored !== null && isSameArchive({ stored, checksum }, copy)) return true;
    refuse(
      copy.destination,
      copy.key,
      new AppError(
        'integrity',
        'its manifest has the id of a backup in the history, and is not the manifest of it',
        {
          hint: 'One of the two was changed. Verify both by hand before you trust either.',
        },
      ),
    );
    return false;
  });
  const [one, ...more] = good;
  return {
    wanted: one === undefined ? null : { kind: 'copy', copies: [one, ...more] },
    known: copies.length - fresh.length,
  };
}

/** False where somebody recorded it meanwhile, it went, or it was refused. */
async function record(
  source: OwnSource,
  { kind, copies }: Wanted,
  places: readonly OpenPlace[],
  now: Date,
  options: RebuildOptions,
  refuse: (destination: Destination, key: string, error: AppError) => void,
  ctx: StorageContext,
): Promise<boolean> {
  const { deps } = source;
  const [first] = copies;
  const storage = places.find(({ destination }) => destination === first.destination)?.storage;
  if (storage === undefined) return false;
  const details = {
    sourceId: source.id,
    filename: first.filename,
    destinations: copies.map(({ destination }) => destination),
    sizeBytes: first.stored.bytes,
    sha256: first.stored.sha256,
    ...(options.requestedBy === undefined ? {} : { requestedBy: options.requestedBy }),
  };
  try {
    // Not kept since it was found: ten thousand of them would not be small.
    const manifest = await readRecordable(storage, first.key, manifestNameOf(first.key), now, ctx);
    if (manifest === null) return false;
    if (
      !isSameArchive({ stored: manifest.stored, checksum: manifest.checksum ?? null }, first) ||
      manifest.id !== first.backupId
    ) {
      throw new AppError('integrity', 'the manifest was exchanged while it was looked at', {
        hint: 'Look who writes to this destination, then record it again.',
      });
    }
    return await persist(
      deps,
      'backup recorded',
      () =>
        deps.db.transaction(async (tx) => {
          if (kind === 'backup') {
            const isNew = await insertFoundBackup(tx, {
              sourceId: source.id,
              manifest,
              places: copies,
              storagePath: storagePathOf(deps.config, first),
              expiresAt: expiryOf(deps, first, now),
            });
            if (!isNew) return false;
            await addAuditEntry(tx, options.actor, 'backup.record', first.backupId, details);
            return true;
          }
          const backup = await knownBackup(tx, first.backupId);
          if (backup?.status !== 'COMPLETED') return false;
          const fresh = copies.filter(({ destination }) => !backup.destinations.includes(destination));
          if (fresh.length === 0) return false;
          await insertFoundCopies(tx, manifest, fresh);
          await addAuditEntry(tx, options.actor, 'backup.record-copy', first.backupId, details);
          return true;
        }),
      ctx.signal,
    );
  } catch (thrown) {
    ctx.signal.throwIfAborted();
    const state = catalogueErrorCode(thrown) ?? '';
    // Class 22: values that the catalogue cannot hold, such as a NUL in a name.
    const error = state.startsWith('22')
      ? new AppError('integrity', 'the manifest holds values that no manifest of a backup can hold', {
          hint: 'Look who wrote it. The archive can be restored from by hand.',
          cause: thrown,
        })
      : thrown;
    if (!(error instanceof AppError) || error.code === 'catalogue_down') throw thrown;
    refuse(first.destination, first.key, error);
    return false;
  }
}

/** Shown to people until retention looks; what is past its date may be kept all the same. */
function expiryOf({ config }: EngineDeps, { tiers, takenAt }: FoundCopy, now: Date): Date | null {
  const estimate = estimateExpiry(retentionPolicy(config), tiers, takenAt);
  return estimate !== null && estimate > now ? estimate : null;
}

/** The new backups that retention would let go of, were it to look once all are recorded. */
async function expiringOf(
  sources: readonly OwnSource[],
  wanted: readonly Wanted[],
  now: Date,
): Promise<ReadonlySet<string>> {
  const expiring = new Set<string>();
  for (const { id, deps } of sources) {
    const fresh = wanted.flatMap(({ kind, copies: [copy] }) =>
      kind === 'backup' && copy.sourceId === id
        ? [
            {
              id: copy.backupId,
              status: 'COMPLETED' as const,
              tiers: copy.tiers,
              takenAt: copy.takenAt,
              isWhole: copy.isWhole,
              proof: 'NEVER' as const,
              proofFailedAt: null,
            },
          ]
        : [],
    );
    if (fresh.length === 0) continue;
    const ids = new Set(fresh.map((one) => one.id));
    const rows = await retainableBackups(deps.db, id);
    for (const { id: backupId, decision } of decideRetention(retentionPolicy(deps.config), now, [
      ...rows,
      ...fresh,
    ]))
      if (decision === 'drop' && ids.has(backupId)) expiring.add(backupId);
  }
  return expiring;
}

function summary(
  { id, name, kind }: OwnSource,
  done: readonly Wanted[],
  expiring: ReadonlySet<string>,
): RebuildResult['sources'] {
  const own = done.filter(({ copies }) => copies[0].sourceId === id);
  if (own.length === 0) return [];
  // Newest first, as they were recorded.
  const backups = own.filter((one) => one.kind === 'backup').map(({ copies }) => copies[0]);
  return [
    {
      id,
      name,
      kind,
      backups: backups.length,
      copies: own.reduce((sum, one) => sum + (one.kind === 'copy' ? one.copies.length : 0), 0),
      sizeBytes: backups.reduce((sum, { stored }) => sum + stored.bytes, 0),
      oldestAt: backups.at(-1)?.takenAt.toISOString() ?? null,
      newestAt: backups[0]?.takenAt.toISOString() ?? null,
      expiring: backups.filter(({ backupId }) => expiring.has(backupId)).length,
    },
  ];
}
