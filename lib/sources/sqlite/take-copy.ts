import { existsSync, rmSync, statSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { backup, DatabaseSync } from 'node:sqlite';
import { AppError } from '../../core/errors.ts';
import { readDatabaseFile, type DatabaseFile } from './database-file.ts';
import { translateSqliteError } from './sqlite-errors.ts';

/** How long it waits for a lock that a writer holds. */
const LOCK_MS = 10_000;
/** Of a database in rollback mode, writers wait while this much is read. */
const STEP_BYTES = 16 * 1024 * 1024;
/** A change in mid-copy begins it anew; after so many times the writers wait for one whole copy instead. */
const RESTARTS = 3;
/** How often a database may be opened by its application just while it is copied as one that nobody has open. */
const TRIES = 5;

class Restarted extends Error {}

/** A database that nobody changes while it is open: no locks are taken, and no file appears beside it. */
export function openStill(path: string): DatabaseSync {
  const url = pathToFileURL(path);
  url.searchParams.set('immutable', '1');
  return new DatabaseSync(url, { readOnly: true });
}

/**
 * In write-ahead mode, with nobody who has it open. A reader would make the -wal and -shm files then, as files of the worker's user, which the
 * application could perhaps not write to, and could not take away again.
 */
const isAsleep = ({ path, isWal }: DatabaseFile): boolean => isWal && !existsSync(`${path}-wal`);

function openLive(path: string): DatabaseSync {
  return new DatabaseSync(path, { readOnly: true, timeout: LOCK_MS });
}

/** Opens a live database to read it, in one transaction. Throws where that cannot be, in words. */
export async function readLive(given: string, read: (db: DatabaseSync) => void): Promise<void> {
  const file = await readDatabaseFile(given);
  try {
    const db = isAsleep(file) ? openStill(file.path) : openLive(file.path);
    try {
      db.exec('begin');
      db.prepare('select count(*) from sqlite_schema').get();
      read(db);
    } finally {
      db.close();
    }
  } catch (thrown) {
    throw translateSqliteError(thrown, given);
  }
}

/**
 * Writes one consistent state of the live database to `to`, whoever writes meanwhile; changes nothing of it and lets nobody wait for
 * longer than it must. `beat` is called again and again.
 */
export async function takeCopy(given: string, to: string, beat: () => void): Promise<void> {
  try {
    for (let left = TRIES; left > 0; left -= 1) {
      const file = await readDatabaseFile(given);
      if (!isAsleep(file)) {
        await copyLive(file, to, beat);
        return;
      }
      if (await copyAsleep(file, to, beat)) return;
      rmSync(to);
    }
  } catch (thrown) {
    throw translateSqliteError(thrown, given);
  }
  throw new AppError('source_unreachable', `${given} was opened and closed each time it was to be copied`, {
    hint: 'Try again at a quieter time.',
  });
}

/** Returns whether nobody has opened it meanwhile, so that the copy is of one moment. */
async function copyAsleep(file: DatabaseFile, to: string, beat: () => void): Promise<boolean> {
  const stamp = (): string => {
    const { size, mtimeNs, ctimeNs, ino } = statSync(file.path, { bigint: true });
    return [size, mtimeNs, ctimeNs, ino].join(' ');
  };
  const before = stamp();
  const db = openStill(file.path);
  try {
    await backup(db, to, { rate: pagesOf(db), progress: beat });
  } catch (thrown) {
    // Pages of two states look like damage.
    if (isAsleep(file) && stamp() === before) throw thrown;
    return false;
  } finally {
    db.close();
  }
  return isAsleep(file) && stamp() === before;
}

async function copyLive(file: DatabaseFile, to: string, beat: () => void): Promise<void> {
  const db = openLive(file.path);
  try {
    const rate = pagesOf(db);
    if (!file.isWal) {
      // Locked for a step at a time, so that writers come between.
      if (await copyInSteps(db, to, rate, beat)) return;
      rmSync(to);
    }
    // In write-ahead mode nobody waits for a reader; else nobody commits before this is over.
    db.exec('begin');
    db.prepare('select count(*) from sqlite_schema').get();
    await backup(db, to, { rate, progress: beat });
  } finally {
    db.close();
  }
}

/** Returns false where it was begun anew too often. */
async function copyInSteps(db: DatabaseSync, to: string, rate: number, beat: () => void): Promise<boolean> {
  let remaining = Infinity;
  let restarts = 0;
  try {
    await backup(db, to, {
      rate,
      progress: ({ remainingPages }) => {
        if (remainingPages >= remaining) restarts += 1;
        remaining = remainingPages;
        if (restarts > RESTARTS) throw new Restarted();
        beat();
      },
    });
    return true;
  } catch (thrown) {
    if (thrown instanceof Restarted) return false;
    throw thrown;
  }
}

function pagesOf(db: DatabaseSync): number {
  const pageSize = db.prepare('pragma page_size').get()?.['page_size'];
  return Math.max(1, Math.floor(STEP_BYTES / (typeof pageSize === 'number' ? pageSize : 4096)));
}
