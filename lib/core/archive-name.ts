import type { SourceKind } from './source-kind.ts';

/** Which layers an archive has, as its name tells them: each appends the extension of the program that opens it. */
export interface ArchiveLayers {
  readonly kind: SourceKind;
  /** Of PostgreSQL, `gzip` is pg_dump's own compression inside the custom format, so it adds no extension. */
  readonly compression: 'zstd' | 'gzip';
  /** A further gzip around the file (`backup.sh --compress`). */
  readonly isGzipped?: boolean;
  readonly isEncrypted: boolean;
}

const EXTENSIONS: Readonly<Record<SourceKind, string>> = {
  postgres: '.dump',
  files: '.tar',
  sqlite: '.sqlite',
  redis: '.rdb',
};

const two = (value: number): string => String(value).padStart(2, '0');
const dayOf = (at: Date): string =>
  `${String(at.getUTCFullYear()).padStart(4, '0')}-${two(at.getUTCMonth() + 1)}-${two(at.getUTCDate())}`;

/**
 * `ims_backup_2026-11-21_01-00.dump.zst.age`, in UTC. `suffix` is 1 for the first archive of a minute, which shows none;
 * from 2 on it reads `…_01-00-2.dump…`.
 */
export function archiveFilename(
  prefix: string,
  takenAt: Date,
  suffix: number,
  { kind, compression, isGzipped = false, isEncrypted }: ArchiveLayers,
): string {
  const time = `${two(takenAt.getUTCHours())}-${two(takenAt.getUTCMinutes())}`;
  const stem = `${prefix}_${dayOf(takenAt)}_${time}${suffix > 1 ? `-${String(suffix)}` : ''}`;
  return [
    stem,
    EXTENSIONS[kind],
    compression === 'zstd' ? '.zst' : kind === 'postgres' ? '' : '.gz',
    isGzipped ? '.gz' : '',
    isEncrypted ? '.age' : '',
  ].join('');
}

const NAME = /^(.+)_\d{4}-\d{2}-\d{2}_\d{2}-\d{2}(?:-\d+)?\.(?:dump|tar|sqlite|rdb)(?:\.(?:zst|gz|age))*$/;

/** What `archiveFilename` was given as prefix; null for a name that it does not give. */
export const prefixOf = (filename: string): string | null => NAME.exec(filename)?.[1] ?? null;

/** The prefix of what is taken of a database just before something is restored over it. */
export const safetyPrefix = (prefix: string): string => `${prefix}_before_restore`;

/** What all keys of ours start with, in a bucket that may hold other things. */
export const REMOTE_FOLDER = 'backups/';

/** `backups/daily/2026-11-21/<filename>`, in UTC. */
export function remoteKey(tier: string, takenAt: Date, filename: string): string {
  return `${REMOTE_FOLDER}${tier.toLowerCase()}/${dayOf(takenAt)}/${filename}`;
}

/** Local archives lie side by side in BACKUP_LOCAL_PATH. */
export function localKey(filename: string): string {
  return filename;
}
