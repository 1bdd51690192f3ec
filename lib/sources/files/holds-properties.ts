import { chmod, chown, lstat, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Any owner but root, who would be it anyway where a file system knows none. */
const NOBODY = 65_534;
const SETUID = 0o4751;
/** Before 1970 and after 2038; odd, for file systems that count in pairs of seconds. */
const TIMES = [new Date('1969-12-30T23:59:59Z'), new Date('2100-01-01T00:00:01Z')];

/**
 * Why owners, modes and times of a backup cannot be had in a folder, in words; null where they can. Leaves nothing there.
 */
export async function whyNoProperties(folder: string): Promise<string | null> {
  if (process.geteuid?.() !== 0) return 'only root can restore owners, and this user is not root';
  let place: string | null = null;
  try {
    place = await mkdtemp(join(folder, '.holdfast-'));
    const path = join(place, 'probe');
    await writeFile(path, '');
    await chown(path, NOBODY, NOBODY);
    await chmod(path, SETUID);
    for (const time of TIMES) {
      await utimes(path, time, time);
      const { uid, gid, mode, mtimeMs } = await lstat(path);
      const isHeld =
        uid === NOBODY && gid === NOBODY && (mode & 0o7777) === SETUID && mtimeMs === time.getTime();
      if (!isHeld) return 'the file system here cannot hold every owner, mode and time';
    }
    return null;
  } catch {
    return 'the file system here does not let root choose owners, modes and times';
  } finally {
    if (place !== null) await rm(place, { recursive: true, force: true });
  }
}
