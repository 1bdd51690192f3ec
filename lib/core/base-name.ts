/**
 * `ims_backup_base_2026-11-29_14-30.tar.zst.age`, in UTC: a base backup of a whole server. `suffix` is 1 for the first one of a
 * minute, which shows none.
 */
export function baseFilename(prefix: string, takenAt: Date, suffix: number, isEncrypted: boolean): string {
  const at = takenAt.toISOString().slice(0, 16).replace('T', '_').replace(':', '-');
  return `${prefix}_base_${at}${suffix > 1 ? `-${String(suffix)}` : ''}.tar.zst${isEncrypted ? '.age' : ''}`;
}

/** Where base archives lie among the others in a bucket, in place of a tier. */
export const BASE_FOLDER = 'base';
