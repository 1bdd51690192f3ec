import { access, constants, lstat, realpath } from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Manifest } from '../contracts/manifest.ts';
import type { RestorePlan } from '../contracts/restore.ts';
import { AppError, type ErrorCode } from '../core/errors.ts';
import { isWithin } from '../core/path-within.ts';
import type { Config } from '../platform/config.ts';
import { mountsWithin } from './mounts-within.ts';
import { entriesOf, isOfFolder } from './path-entries.ts';
import { isMissing, thoseThere, withBeside } from './path-names.ts';

/** Something that keeps a restore from its path; `name` is what a preview calls it. */
export interface PathRefusal {
  readonly name: 'guard' | 'link' | 'mount' | 'folder' | 'target';
  readonly error: AppError;
}

type PathPlan = Pick<RestorePlan, 'mode' | 'targetDatabase' | 'paths'>;

const isForbidden = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'EACCES' || error.code === 'EPERM');

const SYSTEM_ROOTS = new Set([
  '/bin',
  '/boot',
  '/dev',
  '/etc',
  '/home',
  '/lib',
  '/proc',
  '/root',
  '/run',
  '/sbin',
  '/sys',
  '/usr',
  '/var',
]);

const refusal = (name: PathRefusal['name'], code: ErrorCode, message: string, hint: string): PathRefusal => ({
  name,
  error: new AppError(code, message, { hint }),
});

async function statOf(path: string): Promise<Stats | null> {
  try {
    return await lstat(path);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** What Holdfast itself lives on, in words. Links may lead there by other names. */
async function ownFolders({
  localPath,
  dataDir,
  verify,
}: Config): Promise<readonly (readonly [string, string])[]> {
  const folders = [
    [localPath, 'the folder of the archives'],
    [dataDir, 'the data folder of Holdfast'],
    [verify.dir, 'the folder in which copies are verified'],
  ] as const;
  return Promise.all(
    folders.map(async ([path, words]) => [await realpath(path).catch(() => path), words] as const),
  );
}

/**
 * All that keeps a restore from this path; empty where nothing does. Changes nothing. What a preview found and a run finds again are the
 * same.
 */
export async function refusalsOfPath(
  config: Config,
  plan: PathPlan,
  manifest: Manifest,
): Promise<readonly PathRefusal[]> {
  try {
    return await judge(config, plan, manifest);
  } catch (error) {
    if (!isForbidden(error)) throw error;
    return [
      refusal(
        'folder',
        'config',
        `the user of the worker may not look at ${plan.targetDatabase}`,
        'Let that user pass through the folders above it, or run the worker as one that may.',
      ),
    ];
  }
}

async function judge(config: Config, plan: PathPlan, manifest: Manifest): Promise<readonly PathRefusal[]> {
  const { targetDatabase: target } = plan;
  const entries = plan.mode === 'swap' ? entriesOf(plan, manifest) : null;
  const places = entries === null ? [target] : entries.map((entry) => join(target, entry));
  const guards = await guard(config, target, places);
  if (guards.length > 0) return guards;
  const folder = dirname(target);
  const above = await judgeFolder(folder);
  if (above.length > 0) return above;
  const stats = await statOf(target);
  if (stats?.isSymbolicLink() === true) return [await linkRefusal(target)];
  return plan.mode === 'new'
    ? judgeNew(target, manifest, stats)
    : [...judgeLive(target, manifest, stats), ...(stats === null ? [] : await judgePlaces(target, places))];
}

async function guard(
  config: Config,
  target: string,
  places: readonly string[],
): Promise<readonly PathRefusal[]> {
  if (SYSTEM_ROOTS.has(target)) {
    return [
      refusal(
        'guard',
        'protected',
        `${target} belongs to the system`,
        'Name a path of the application below it.',
      ),
    ];
  }
  for (const [folder, words] of await ownFolders(config)) {
    if (isWithin(target, folder) || places.some((place) => isWithin(folder, place))) {
      const where = target === folder ? 'is' : isWithin(target, folder) ? 'is inside' : 'holds';
      return [
        refusal(
          'guard',
          'protected',
          `${target} ${where} ${words}`,
          `Name a path that has nothing to do with ${folder}.`,
        ),
      ];
    }
  }
  return [];
}

async function linkRefusal(path: string): Promise<PathRefusal> {
  const real = await realpath(path).catch(() => null);
  return refusal(
    'link',
    'conflict',
    `${path} is a symbolic link`,
    real === null ? 'It leads nowhere: name the real path.' : `Name the real path, ${real}.`,
  );
}

/** The one it is in, where the copy is made too. */
async function judgeFolder(folder: string): Promise<readonly PathRefusal[]> {
  const stats = await statOf(folder);
  const real = stats === null ? null : await realpath(folder);
  if (real === null) {
    return [
      refusal(
        'folder',
        'conflict',
        `there is no folder ${folder} on the machine of the worker`,
        'Create it there, or mount it into the container of the worker.',
      ),
    ];
  }
  if (real !== folder) {
    return [
      refusal(
        'link',
        'conflict',
        `${folder} leads through a symbolic link`,
        `Name the real path, below ${real}.`,
      ),
    ];
  }
  if (stats?.isDirectory() !== true)
    return [refusal('folder', 'conflict', `${folder} is not a folder`, 'Name a path in a folder.')];
  try {
    await access(folder, constants.W_OK | constants.X_OK);
  } catch {
    return [
      refusal(
        'folder',
        'config',
        `the user of the worker may not write to ${folder}`,
        'The copy is made there. Let that user write to it, or run the worker as one that may.',
      ),
    ];
  }
  return [];
}

async function judgeNew(
  target: string,
  { source }: Manifest,
  stats: Stats | null,
): Promise<readonly PathRefusal[]> {
  if (stats !== null) {
    return [
      refusal(
        'target',
        'target_not_empty',
        `there is something at ${target} already`,
        'Choose a path where nothing is.',
      ),
    ];
  }
  const [beside] = await thoseThere(withBeside(target, source.kind));
  if (beside === undefined) return [];
  return [
    refusal(
      'target',
      'target_not_empty',
      `there is ${beside}, which is of another database`,
      'It would spoil the restored one. Choose another path, or move it away.',
    ),
  ];
}

function judgeLive(target: string, manifest: Manifest, stats: Stats | null): readonly PathRefusal[] {
  if (stats === null) {
    return [
      refusal(
        'target',
        'conflict',
        `there is nothing at ${target}`,
        'Restore to a new path of that name instead.',
      ),
    ];
  }
  const [wanted, isWanted] = isOfFolder(manifest)
    ? ['folder', stats.isDirectory()]
    : ['file', stats.isFile()];
  if (isWanted) return [];
  return [
    refusal(
      'target',
      'conflict',
      `${target} is not a ${wanted}, as the backup is`,
      'Restore to a new path, and look at it.',
    ),
  ];
}

/** What changes its name must be on one disk with its copy, and not lead elsewhere. */
async function judgePlaces(target: string, places: readonly string[]): Promise<readonly PathRefusal[]> {
  const mounts = await mountsWithin(target);
  for (const place of places) {
    const mounted = mounts.find((mount) => isWithin(mount, place));
    if (mounted !== undefined) return [mountRefusal(mounted)];
    for (let above = dirname(place); isWithin(above, target); above = dirname(above)) {
      const stats = await statOf(above);
      if (stats?.isSymbolicLink() === true) return [await linkRefusal(above)];
      if (stats !== null && !stats.isDirectory()) {
        return [
          refusal('target', 'conflict', `${above} is not a folder`, 'Restore to a new path, and look at it.'),
        ];
      }
      if (mounts.includes(above)) return [mountRefusal(above)];
    }
  }
  return [];
}

const mountRefusal = (place: string): PathRefusal =>
  refusal(
    'mount',
    'conflict',
    `something is mounted at ${place}, which cannot be given another name`,
    'Restore to a new path, or mount the folder above it into the container of the worker instead.',
  );
